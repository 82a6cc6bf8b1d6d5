/// How files of people become rows.
public struct Roster: Sendable {
    /// The name by which jobs call it.
    public let name: String
    /// Where it is declared: file and line.
    public let location: String
    /// What an import consists of, in the order in which it is applied; a roster of one kind of file
    /// has one without a name.
    public let files: [File]
    /// What its SQL reads of a job's target.
    public let target: Target

    /// A column of its files has passwords, hashed or not.
    public var takesPasswords: Bool {
        files.flatMap(\.steps).contains { step in
            if case .upsert(let upsert) = step { upsert.password?.source != nil } else { false }
        }
    }

    /// The relations of the catalog that its rows go through.
    public var relations: Set<String> {
        Set(
            files.flatMap(\.steps).compactMap { step in
                if case .assign(let assign) = step { assign.relation } else { nil }
            })
    }

    /// What a job names as its target.
    public enum Target: Hashable, Sendable {
        /// Nothing that any step reads.
        case none
        /// A value: `job.target`.
        case value
        /// An object's values: `job.target.<column>`, which stands in the SQL texts as a column
        /// `"target.<column>"` of `job`.
        case columns([String])
    }

    /// A kind of file and what its rows become.
    public struct File: Sendable {
        /// Empty for the only one.
        public let name: String
        public let columns: [Column]
        /// Which rows are refused before any step, by conditions over `row` and `job`.
        public let rejects: [RejectRule]
        /// Executed in their order for each row.
        public let steps: [Step]
    }

    /// What a row may say.
    public struct Column: Hashable, Sendable {
        /// How two rows may not be alike.
        public enum Uniqueness: String, Hashable, Sendable {
            case exact
            case ignoringCase = "ignore-case"
        }

        public let name: String
        /// The heads that it goes by, its own name first.
        public let headers: [String]
        /// A file without the column is refused.
        public let isExpected: Bool
        /// A row without a value is refused.
        public let isRequired: Bool
        /// What is done to a value before anything else, in this order.
        public let cleaning: [Cleaning]
        /// In characters.
        public let maxLength: Int?
        public let uniqueness: Uniqueness?
        /// What stands for a cell that is empty or not there.
        public let defaultValue: String?
        /// The only values that there may be; empty for any.
        public let choices: [String]

        /// A head as it is compared.
        public static func folded(_ header: String) -> String {
            let trimmed = header.drop(while: \.isWhitespace)
            let end = trimmed.lastIndex { !$0.isWhitespace }.map { trimmed.index(after: $0) }
            return trimmed[..<(end ?? trimmed.startIndex)].lowercased()
        }
    }

    public enum Cleaning: String, Hashable, Sendable, CaseIterable {
        case trim, nfc, lower, upper
    }

    public enum Step: Sendable {
        case upsert(Upsert)
        case assign(Assign)
    }

    /// Rows of a table that are made, or made as the file says.
    public struct Upsert: Sendable {
        /// The name by which later steps read the row.
        public let alias: String?
        /// The table as a relation: without a target, its members are the identities.
        public let relation: Relation
        /// What each column is given, in the order of the relation's given columns; what is NULL is
        /// left out.
        public let values: [Value]
        /// The columns that become NULL.
        public let cleared: [String]
        public let password: Password?
        /// Only rows for which it holds.
        public let condition: String?
        /// An array: one item for each element, which the other expressions call `each`.
        public let each: String?
    }

    /// Items of a relation.
    public struct Assign: Sendable {
        /// The rows go instead.
        public let isRemoval: Bool
        public let relation: String
        public let target: [Value]
        public let member: [Value]
        public let attributes: [Value]
        /// Only rows for which it holds.
        public let condition: String?
        /// An array: one item for each element, which the other expressions call `each`.
        public let each: String?
    }

    /// A column and the SQL that fills it, over tables `row`, `job` and the aliases of earlier steps,
    /// which stand in it quoted where they need it.
    public struct Value: Hashable, Sendable {
        public let column: String
        public let sql: String
    }

    /// How new rows get their password.
    public struct Password: Hashable, Sendable {
        public enum Scheme: String, Hashable, Sendable, CaseIterable {
            /// Nobody can log in with it.
            case unusable
            /// The file has it hashed already.
            case given
            case djangoPBKDF2 = "django_pbkdf2_sha256"
        }

        /// What becomes of somebody who is there with another password.
        public enum Mismatch: Hashable, Sendable {
            /// They keep theirs.
            case keep
            /// They get the one of the file.
            case update
            /// Their row is refused.
            case reject(code: String, message: String)
        }

        /// The table's column.
        public let column: String
        /// The file's column; nil where the scheme needs none.
        public let source: String?
        public let scheme: Scheme
        public let iterations: Int
        /// What the file has instead of a password for those who keep theirs.
        public let keepMark: String?
        public let mismatch: Mismatch

        /// What is in the file is compared with what somebody has who is there.
        public var isCompared: Bool { mismatch != .keep || keepMark != nil }
    }
}
