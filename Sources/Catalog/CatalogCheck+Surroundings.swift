import Postgres

/// Whether what stands around a relation's table bears writes in bulk.
extension CatalogCheck {
    /// Refuses what has columns and is no table.
    mutating func checkKind(_ table: TableSchema) {
        switch table.kind {
        case "v":
            error(
                "expected a table, got the view \(table.name)",
                remedy: "name the table that it reads")
        case "m":
            error(
                "expected a table, got the materialized view \(table.name)",
                remedy: "name a table that it reads")
        default:
            error(
                "expected a table, got the foreign table \(table.name)",
                remedy: "let a worker write it in the database where it is")
        }
    }

    /// NULLs that a unique index takes for different let one item write a row again and again.
    mutating func checkIdentity(_ table: TableSchema, _ arbiter: UniqueIndex?) {
        guard let arbiter, !arbiter.isNullsNotDistinct else { return }
        for case .column(let name) in arbiter.keys {
            // A target or member without a value is refused before any statement.
            guard !(relation.target + relation.member).contains(name),
                let column = table.column(name), !column.isRequired
            else { continue }
            let message =
                "expected a column of the identity to be NOT NULL, got \(name), of which "
                + "\(arbiter.name) lets in any number of rows with NULL"
            let remedy =
                "ALTER TABLE \(quoted(table.name)) ALTER COLUMN \(quoteIdentifier(name)) "
                + "SET NOT NULL, or make the index UNIQUE NULLS NOT DISTINCT"
            // What the catalog computes may well never be NULL.
            relation.attributes.contains(name)
                ? error(message, remedy: remedy) : warn(message, remedy: remedy)
        }
    }

    mutating func checkSurroundings(_ surroundings: TableSurroundings) {
        let table = quoted(relation.table)
        checkLifetime(surroundings.lifetime)
        for rule in surroundings.rules {
            error(
                "expected no rule that rewrites statements, got \(rule.name) on \(rule.event)",
                remedy: "DROP RULE \(quoteIdentifier(rule.name)) ON \(table), and do the same with "
                    + "a trigger or an effect")
        }
        for trigger in surroundings.triggers {
            trigger.isForEachRow
                ? warn(
                    "expected no trigger for each row, got \(trigger.name)",
                    remedy: "see that it bears thousands of rows at once: it runs for each row "
                        + "that is written")
                : warn(
                    "expected no trigger for each statement, got \(trigger.name)",
                    remedy: "see that it can run often: it runs also for statements that write no "
                        + "row")
        }
        checkHeirs(surroundings)
        for constraint in surroundings.unvalidated {
            warn(
                "expected constraints that hold for all rows, got \(constraint) NOT VALID: an item "
                    + "that changes an old row which violates it is rejected \(constraint)",
                remedy: "ALTER TABLE \(table) VALIDATE CONSTRAINT \(quoteIdentifier(constraint))")
        }
        for constraint in surroundings.exclusions {
            warn(
                "the exclusion constraint \(constraint) is not the identity: an item that violates "
                    + "it is rejected \(constraint)", remedy: nil)
        }
        for referrer in surroundings.referrers where relation.isRemovable && !referrer.hasIndex {
            let columns = referrer.columns.map(quoteIdentifier).joined(separator: ", ")
            // A partitioned table takes no index CONCURRENTLY.
            let create = referrer.isPartitioned ? "CREATE INDEX" : "CREATE INDEX CONCURRENTLY"
            warn(
                "expected an index behind the foreign key \(referrer.key) of \(referrer.table), "
                    + "got none: each row that is removed scans the table",
                remedy: "\(create) ON \(quoted(referrer.table)) (\(columns))")
        }
    }

    private mutating func checkLifetime(_ lifetime: TableSurroundings.Lifetime) {
        switch lifetime {
        case .permanent: break
        case .unlogged:
            warn(
                "expected a table that survives a crash, got an unlogged one: jobs stay "
                    + "succeeded whose rows are gone",
                remedy: "ALTER TABLE \(quoted(relation.table)) SET LOGGED")
        case .temporary:
            error(
                "expected a table that all sessions share, got a temporary one",
                remedy: "make it with CREATE TABLE, in a schema of its own")
        }
    }

    private mutating func checkHeirs(_ surroundings: TableSurroundings) {
        let heirs = surroundings.heirs.map(\.description).joined(separator: ", ")
        guard surroundings.isPartitioned else {
            guard !heirs.isEmpty else { return }
            return warn(
                "expected no table that inherits from \(relation.table), got \(heirs): their rows "
                    + "are changed and removed like its own, but its unique index does not see them",
                remedy: "make it a partitioned table, or end it with ALTER TABLE ... NO INHERIT")
        }
        if heirs.isEmpty {
            warn(
                "expected partitions of \(relation.table), got none: no row can be written",
                remedy: "CREATE TABLE ... PARTITION OF \(quoted(relation.table)) ...")
        }
    }

    /// What a removal does to other tables, for the line that says that all is well.
    func removals(_ surroundings: TableSurroundings) -> [String] {
        guard relation.isRemovable else { return [] }
        return surroundings.referrers.map { referrer in
            let columns = referrer.columns.joined(separator: ", ")
            if let child = relation.children.first(where: { $0.table == referrer.table }) {
                return "a removal removes the \(child.field) of \(referrer.table) before"
            }
            switch referrer.action {
            case .cascade:
                return "a removal also removes rows of \(referrer.table) (\(referrer.key))"
            case .setNull:
                return "a removal sets \(columns) of \(referrer.table) to NULL (\(referrer.key))"
            case .setDefault:
                return "a removal sets \(columns) of \(referrer.table) to the default "
                    + "(\(referrer.key))"
            case .noAction, .restrict:
                return "an item whose row \(referrer.table) refers to is not removed but rejected "
                    + referrer.key
            }
        }
    }
}
