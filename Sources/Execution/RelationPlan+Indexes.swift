import Catalog
import Postgres

extension RelationPlan {
    /// The tables that the statements scan for want of an index, each with the index to make.
    ///
    /// The planner says so when all other ways are made dear: then a scan is left only where there is
    /// no index that fits, however few rows a table has today.
    ///
    /// - Throws: `PostgresError` when the database cannot be asked.
    func missingIndexes(on connection: Connection) throws(PostgresError) -> [Finding] {
        var wants = IndexWants()
        for statement in statements {
            try wants.add(statement.sql, parameters(for: statement), on: connection) { scan in
                user(of: scan, in: statement)
            }
        }
        return wants.findings(for: relation.name, at: relation.location)
    }

    /// What a scan is for: a rule where it can be known, else the statement.
    private func user(of scan: TableScan, in statement: PlannedStatement) -> String {
        let rules =
            switch statement.sql {
            case sql.check: checks.map(\.code)
            case sql.protect: relation.protects.map(\.code)
            default: [String]()
            }
        if let number = scan.constant, rules.indices.contains(number) {
            return "the rule \(rules[number])"
        }
        return "the statement `\(statement.name)`"
    }
}
