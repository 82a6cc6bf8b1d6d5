import Catalog
import Postgres

/// Puts the statements' texts together.
struct SQLWriter {
    let relation: Relation
    let table: TableSchema
    let given: [Column]
    let inputs: [Column]
    let rows: RowMatch

    var tableName: String { table.name.quoted }

    /// What a row that was written is returned as, where something follows from it.
    func returned(_ row: String, for effects: [String]) -> String {
        effects.isEmpty ? "" : ", (\(row).*)::text AS \(EffectStatement.rowText)"
    }

    var attributes: [Column] {
        given.filter { relation.attributes.contains($0.name) }
    }

    /// Materialized, because the planner leaves out casts whose result nobody reads.
    func probe() -> String {
        "WITH item AS MATERIALIZED (\(staged())) SELECT count(*) FROM item"
    }

    func identify(_ identity: [Column], byIndex: Bool) -> String {
        let keys =
            byIndex
            ? rows.keys(of: "item") : identity.map { "item.\(quoteIdentifier($0.name))" }
        let columns = keys.joined(separator: ", ")
        return """
            SELECT \(Self.number), min(\(Self.number)) OVER (PARTITION BY \(columns))
            FROM (\(staged())) AS item
            """
    }

    func complete(_ identity: [Column]) -> String {
        let columns = identity.map { sent("item", $0) }.joined(separator: ", ")
        return "SELECT \(Self.number), \(columns) FROM (\(completed(for: []))) AS item"
    }

    /// A row without a member is nobody's: no unassign could name it.
    func present(_ identity: [Column]) -> String {
        let names = relation.target + relation.member
        let columns =
            given.filter { column in
                names.contains(column.name) || identity.contains { $0.name == column.name }
            }.map { sent("held", $0) }
        let target = relation.target.map { "item.\(quoteIdentifier($0))" }
        // Of a composite value with a NULL in it IS NOT NULL says false.
        let isMember = relation.member.map { "held.\(quoteIdentifier($0)) IS DISTINCT FROM NULL" }
        let key = relation.identity.map { "held.\(quoteIdentifier($0))" }
        let joins = relation.target.map { comparison($0).equal("held", "item") }
        return """
            WITH item AS MATERIALIZED (
              SELECT DISTINCT \(target.joined(separator: ", ")) FROM (\(staged())) AS item)
            SELECT \(columns.joined(separator: ", "))
            FROM item JOIN \(rows.source) AS held ON \(joins.joined(separator: " AND "))
            WHERE \(isMember.joined(separator: " AND "))
            ORDER BY \(key.joined(separator: ", "))
            LIMIT $\(given.count + attributes.count + 2)::int8
            """
    }

    /// A value as it travels to us.
    func sent(_ row: String, _ column: Column) -> String {
        "\(row).\(quoteIdentifier(column.name))::\(StagedColumn.Wire(column.type).type)"
    }

    func check(_ checks: [ItemCheck]) -> String {
        let parts = checks.enumerated().map { number, check in
            "SELECT \(Self.number), \(number)::int4 FROM item WHERE \(check.condition)"
        }
        let named = checks.reduce(into: Set<String>()) { $0.formUnion($1.columns) }
        return """
            WITH item AS MATERIALIZED (\(completed(for: named)))
            \(parts.joined(separator: "\nUNION ALL\n"))
            """
    }

    /// The columns of a row that the messages of `protect` name.
    var protectColumns: [String] {
        let names = Set(relation.protects.flatMap { RejectRule.placeholders(in: $0.message) })
        return table.columns.map(\.name).filter(names.contains)
    }

    func protect() -> String {
        let values = protectColumns.map { ", item.\(quoteIdentifier($0))::text" }.joined()
        let parts = relation.protects.enumerated().map { number, rule in
            """
            SELECT \(Self.number), \(number)::int4\(values) FROM item
            WHERE (\(rule.condition))
            """
        }
        return """
            WITH wanted AS MATERIALIZED (\(removalItems())),
            item AS MATERIALIZED (
              SELECT wanted."item:n", held.*
              FROM (SELECT wanted.* FROM wanted) AS wanted JOIN \(rows.source) AS held
                ON \(covers("held", by: "wanted")))
            \(parts.joined(separator: "\nUNION ALL\n"))
            """
    }

    /// The columns that children refer to.
    var parentColumns: [Column] {
        let names = Set(relation.children.flatMap { $0.parent.map(\.parentColumn) })
        return table.columns.filter { names.contains($0.name) }
    }

    func parents() -> String {
        let columns = parentColumns.map { ", \(sent("held", $0))" }.joined()
        let key = relation.identity.map { "held.\(quoteIdentifier($0))" }
        return """
            SELECT DISTINCT ON (\(Self.number)) \(Self.number)\(columns)
            FROM (\(completed(for: Set(relation.identity)))) AS item
            JOIN \(rows.source) AS held ON \(rows.matches("held"))
            ORDER BY \(Self.number), \(key.joined(separator: ", "))
            """
    }

    func deleteChildren(_ child: ChildTable) -> String {
        let columns = child.parent.map { "held.\(quoteIdentifier($0.parentColumn))" }
        let joins = child.parent.map {
            "child.\(quoteIdentifier($0.column)) = parent.\(quoteIdentifier($0.parentColumn))"
        }
        return """
            WITH parent AS MATERIALIZED (
              SELECT DISTINCT \(columns.joined(separator: ", ")) FROM (\(removalItems())) AS item
              JOIN \(rows.source) AS held ON \(covers("held")))
            DELETE FROM \(child.table.quoted) AS child USING parent
            WHERE \(joins.joined(separator: " AND "))
            """
    }

    /// One lock a target: whoever writes the same one waits.
    func lockTargets() -> String {
        let target = relation.target.map { "item.\(quoteIdentifier($0))" }.joined(separator: ", ")
        let name = "\(table.name.schema).\(table.name.name)".replacing("'", with: "''")
        let row = "ROW(\(target))"
        // What is equal must have one lock, however it is written.
        let isExact = relation.target.allSatisfy { table.column($0)?.hasExactEquality == true }
        let hash =
            isExact
            ? "pg_catalog.hashtextextended(\(row)::text, 0)"
            : "pg_catalog.hash_record_extended(\(row), 0)"
        return """
            SELECT pg_catalog.pg_advisory_xact_lock(target.key) FROM (
              SELECT DISTINCT pg_catalog.hashtextextended('\(name)', \(hash)) AS key
              FROM (\(staged())) AS item ORDER BY 1 OFFSET 0) AS target
            """
    }

    /// One order for all writers, so that they do not wait for each other in a circle.
    ///
    /// Triggers see the rows of a target as the jobs have them: one that counts them lets the first
    /// ones in. Rows that belong to no target come from files that are written side by side.
    private var insertOrder: String {
        let isSeen = !table.triggers.isEmpty && relation.isRemovable
        let columns = (isSeen ? relation.target : relation.identity).map {
            "item.\(quoteIdentifier($0))"
        }
        return (columns + (isSeen ? [Self.number] : [])).joined(separator: ", ")
    }

    func insert(isByAnyIndex: Bool) -> String {
        let written =
            given.map(\.name).filter { name in !inputs.contains { $0.name == name } }
            + relation.computed.map(\.name)
        let columns = written.map(quoteIdentifier)
        let identity = relation.identity.map(quoteIdentifier)
        let row = "\"written:row\""
        return """
            WITH item AS MATERIALIZED (\(completed())),
            written AS (
              INSERT INTO \(tableName) AS \(row) (\(columns.joined(separator: ", ")))
              SELECT \(columns.map { "item.\($0)" }.joined(separator: ", ")) FROM item
              \(rows.isAntiJoin ? "WHERE NOT EXISTS (SELECT FROM \(rows.source) AS held WHERE \(rows.matches("held")))" : "")
              ORDER BY \(insertOrder)
              \(rows.conflictClause(isByAnyIndex: isByAnyIndex))
              RETURNING \(identity.map { "\(row).\($0)" }.joined(separator: ", "))\(returned(row, for: relation.effects.onAssign)))
            SELECT \(Self.number)\(relation.effects.onAssign.isEmpty ? "" : ", written.\(EffectStatement.rowText)")
            FROM written JOIN item ON \(rows.matches("written"))
            """
    }

    func clash(_ indexes: [UniqueIndex]) -> String {
        let parts = indexes.enumerated().map { number, index in
            let keys = index.columns.map { name in
                comparison(name).equal("held", "item")
            }
            return """
                SELECT \(Self.number), \(number)::int4 FROM item JOIN \(tableName) AS held
                  ON \(keys.joined(separator: " AND "))
                WHERE NOT (\(rows.matches("held")))
                """
        }
        return """
            WITH item AS MATERIALIZED (\(completed()))
            \(parts.joined(separator: "\nUNION ALL\n"))
            """
    }

    func keptOut() -> String {
        """
        SELECT \(Self.number) FROM (\(completed(for: Set(relation.identity)))) AS item
        WHERE NOT EXISTS (SELECT FROM \(rows.source) AS held WHERE \(rows.matches("held")))
        """
    }

    func lockForUpdate(_ updated: [String]) -> String {
        """
        SELECT locked.n FROM (
          SELECT \(Self.number) AS n FROM (\(completed(for: Set(relation.identity + updated)))) AS item
          JOIN \(rows.source) AS held ON \(rows.matches("held"))
          WHERE \(differs("held", updated))
          ORDER BY \(relation.identity.map { "held.\(quoteIdentifier($0))" }.joined(separator: ", "))
          FOR NO KEY UPDATE OF held) AS locked
        """
    }

    func update(_ updated: [String]) -> String {
        let assignments = updated.map { name in
            let column = quoteIdentifier(name)
            return "\(column) = CASE WHEN item.\(givenName(name)) THEN item.\(column) "
                + "ELSE held.\(column) END"
        }
        return """
            WITH item AS MATERIALIZED (\(completed(for: Set(relation.identity + updated))))
            UPDATE \(tableName) AS held SET \(assignments.joined(separator: ", "))
            FROM item WHERE \(rows.matches("held"))\(rows.restriction("held")) AND (\(differs("held", updated)))
            RETURNING \(Self.number)\(returned("held", for: relation.effects.onAssign))
            """
    }

    func lockForDelete() -> String {
        """
        SELECT locked.n FROM (
          SELECT \(Self.number) AS n FROM (\(removalItems())) AS item
          JOIN \(rows.source) AS held ON \(covers("held"))
          ORDER BY \(relation.identity.map { "held.\(quoteIdentifier($0))" }.joined(separator: ", "))
          FOR UPDATE OF held) AS locked
        """
    }

    /// The keys are found first, by removals and updates in turn, so that one sort gives the order.
    func lock(_ updated: [String]) -> String {
        let reason = "raw.reason"
        let removal = "\(reason) = \(RelationSQL.LockReason.removal.rawValue)"
        let key = relation.identity.map { "held.\(quoteIdentifier($0))" }.joined(separator: ", ")
        return """
            WITH removal AS MATERIALIZED (\(removalItems(where: removal))),
            change AS MATERIALIZED (
              \(completed(for: Set(relation.identity + updated), where: "NOT \(removal)"))),
            key AS MATERIALIZED (
              SELECT \(Self.number), \(key) FROM removal AS item
              JOIN \(rows.source) AS held ON \(covers("held"))
              UNION ALL
              SELECT \(Self.number), \(key) FROM change AS item
              JOIN \(rows.source) AS held ON \(rows.matches("held"))
              WHERE item.\(Self.reasonName) = \(RelationSQL.LockReason.later.rawValue)
                OR \(differs("held", updated)))
            SELECT locked.n FROM (
              SELECT \(Self.number) AS n FROM key AS item JOIN \(rows.source) AS held
                ON \(rows.matches("held"))
              ORDER BY \(key)
              FOR UPDATE OF held) AS locked
            """
    }

    func delete() -> String {
        """
        WITH item AS MATERIALIZED (\(removalItems()))
        DELETE FROM \(tableName) AS held USING item WHERE \(covers("held"))\(rows.restriction("held"))
        RETURNING \(Self.number)\(returned("held", for: relation.effects.onUnassign))
        """
    }
}
