import Jobs

/// Rows that are made of rows, in steps, each of them in parts.
public struct Backfill: Sendable {
    /// The name by which jobs call it.
    public let name: String
    /// Where it is declared: file and line.
    public let location: String
    /// What a job's scope may fill, in the order of the catalog.
    public let parameters: [Parameter]
    /// It runs only where its definition differs from the one last finished for the scope.
    public let isGated: Bool
    /// Small tables of constants that the statements may read.
    public let data: [DataTable]
    public let steps: [Step]

    /// A value that limits what is done.
    public struct Parameter: Hashable, Sendable {
        public let name: String
        /// The type in SQL.
        public let typeName: String
        public let isOptional: Bool
    }

    /// Rows that stand in the catalog.
    public struct DataTable: Hashable, Sendable {
        public let name: String
        public let columns: [Column]
        /// Values as texts, row by row; nil for NULL.
        public let rows: [[String?]]

        public struct Column: Hashable, Sendable {
            public let name: String
            /// The type in SQL.
            public let typeName: String
        }
    }

    /// What is done before the next step begins.
    public struct Step: Sendable {
        public let name: String
        /// How it is cut into parts; nil for a step that is one part.
        public let chunk: Chunk?
        /// Executed in their order, in one transaction for each part.
        public let statements: [BackfillStatement]
    }

    /// A table that is walked by a key, so many rows at a time.
    public struct Chunk: Sendable {
        public let over: TableName
        public let key: [String]
        public let rows: Int
        /// Only rows for which this holds are walked.
        public let condition: SQLTemplate?

        /// By these names the statements see the first and the last key of their part.
        public static let bounds = ["from", "to"]
    }

    /// Tells one definition from another: its steps, data and parameters.
    ///
    /// How many rows a part has changes nothing of what is written, and where it is declared
    /// neither.
    public var digest: UInt64 {
        var hash = FNV()
        func add(_ text: String) {
            hash.add(text.utf8)
            hash.add(UInt64(text.utf8.count))
        }
        for parameter in parameters {
            add("\(parameter.name) \(parameter.typeName) \(parameter.isOptional)")
        }
        for table in data {
            add(table.name)
            for column in table.columns { add("\(column.name) \(column.typeName)") }
            for value in table.rows.joined() { add(value.map { "=\($0)" } ?? "") }
        }
        for step in steps {
            add(step.name)
            if let chunk = step.chunk {
                add("\(chunk.over) \(chunk.key)")
                add(chunk.condition?.text { ":\($0)" } ?? "")
            }
            for statement in step.statements { add(statement.text) }
        }
        return hash.value
    }
}
