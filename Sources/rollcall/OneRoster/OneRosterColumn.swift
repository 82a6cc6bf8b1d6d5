extension OneRoster {
    /// A column of a file and what its values are.
    struct Column: Sendable {
        enum Kind: Sendable {
            case text
            /// What the row is called by others.
            case identifier
            case status
            case timestamp
            /// Rows of a file, by their identifiers.
            case reference(to: String, isList: Bool, Demand? = nil)
            case date
            case year
            case boolean
            /// One of these, or `ext:` and a word of one's own.
            case choice([String])
            case list
            case userIDs
        }

        /// What a row that is referred to has to be, besides being there.
        enum Demand: Sendable {
            case school
            case schoolYear
            /// The user of the row has a role there.
            case placeOfRole
            /// It belongs to the user of the row.
            case profileOfUser
        }

        let name: String
        let isRequired: Bool
        let kind: Kind

        static func required(_ name: String, _ kind: Kind = .text) -> Column {
            Column(name: name, isRequired: true, kind: kind)
        }

        static func optional(_ name: String, _ kind: Kind = .text) -> Column {
            Column(name: name, isRequired: false, kind: kind)
        }
    }

    /// The columns of a file, in the order in which they have to stand.
    struct Table: Sendable {
        /// What the file is called, without `.csv`.
        let name: String
        let columns: [Column]
        /// Other columns are only such as `metadata.x`; false where the columns are not known here.
        var isComplete = true
        /// The file whose rows have the same identifiers.
        var extends: String?

        init(_ name: String, extends: String? = nil, _ columns: Column...) {
            self.init(name, extends: extends, columns)
        }

        init(_ name: String, extends: String? = nil, _ columns: [Column]) {
            self.name = name
            self.extends = extends
            self.columns =
                [
                    .required("sourcedId", .identifier), .optional("status", .status),
                    .optional("dateLastModified", .timestamp),
                ] + columns
        }

        func position(of column: String) -> Int? { columns.firstIndex { $0.name == column } }
    }
}
