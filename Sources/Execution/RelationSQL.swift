import Catalog
import Postgres

/// The statements of one relation.
///
/// All begin with the staged items: `$1` numbers them, then comes an array for each column, then an
/// array of booleans for each attribute: whether the job said something of it.
struct RelationSQL: Sendable {
    /// Brings every value into its column's type and returns nothing of them.
    let probe: String
    /// Which items are about the same row, where bytes do not tell; nil where they do.
    let identify: String?
    /// Which items are about the same target, where bytes do not tell; nil where they do.
    let identifyTarget: String?
    /// The items with the database's defaults for what they leave out of their identity; nil where
    /// they can leave out nothing that has one.
    let complete: String?
    /// The rows of the items' targets: their target, member and identity, in key order.
    ///
    /// One more parameter is the most rows to return. Nil where the targets are in no column.
    let present: String?
    /// The items to refuse, each with the number of the check.
    let check: String?
    /// What an item is refused for by `check`, by the number that the statement returns.
    let checks: [ItemCheck]
    /// Rules over the rows that `delete` would remove: the items, the rule's number, and the values
    /// for its message.
    let protect: String?
    /// What `protect` returns of a row, after the item and the rule.
    let protectColumns: [String]
    /// Takes a lock for each target, in one order, where no index keeps rows apart.
    let lockTargets: String?
    /// Writes the rows that are not there; returns their items, and the rows if something follows.
    let insert: String
    /// The items that were not written because of another row than theirs, by an index that is not
    /// the identity's.
    let clash: String?
    /// The rows of the items, with the columns that children refer to; nil without children.
    let parents: String?
    /// What `parents` returns of a row, after the item.
    let parentColumns: [Column]
    /// Removes the children of the rows that `delete` will remove, a statement a child table.
    let deleteChildren: [String]
    let onAssign: [EffectStatement]
    let onUnassign: [EffectStatement]
    let lookups: [LookupStatement]
    /// Locks the rows that `update` will change, in key order; returns their items.
    let lockForUpdate: String?
    /// Changes the rows that differ; returns their items, and the rows if something follows.
    let update: String?
    /// Locks the rows that `delete` will remove, in key order; returns their items.
    let lockForDelete: String
    /// Locks what `delete` and `update` will remove and change, in key order; returns the items.
    ///
    /// One more array says why each item's row is locked.
    let lock: String
    /// Removes rows; returns their items, an item more than once if it covers several rows, and the
    /// rows if something follows.
    let delete: String

    /// Why `lock` locks the row of an item.
    enum LockReason: Int16 {
        /// The row will be removed.
        case removal
        /// The row will be changed, if it differs.
        case update
        /// A later run may change the row.
        case later
    }

    init(
        _ checked: CheckedRelation, given: [Column], identityPositions: [Int],
        updatedPositions: [Int], constraints: [CheckConstraint]
    ) {
        let relation = checked.relation
        let writer = Writer(
            relation: relation, table: checked.table, given: given, inputs: checked.inputs,
            rows: RowMatch(checked))
        checks = ItemCheck.all(of: relation, in: checked.table, constraints, writer.rows)
        probe = writer.probe()
        let hasExpressions = checked.arbiter?.hasExpressions == true
        let hasExactIdentity =
            !hasExpressions && identityPositions.allSatisfy { given[$0].hasExactEquality }
        let identity = identityPositions.map { given[$0] }
        identify = hasExactIdentity ? nil : writer.identify(identity, byIndex: hasExpressions)
        let target = given.filter { relation.target.contains($0.name) }
        identifyTarget =
            target.allSatisfy(\.hasExactEquality) ? nil : writer.identify(target, byIndex: false)
        let completed = identity.filter {
            relation.attributes.contains($0.name) && $0.defaultExpression != nil
        }
        complete = completed.isEmpty ? nil : writer.complete(completed)
        present = relation.isFoundByIdentity ? nil : writer.present(identity)
        check = checks.isEmpty ? nil : writer.check(checks)
        protectColumns = writer.protectColumns
        protect = relation.protects.isEmpty ? nil : writer.protect()
        let isByAnyIndex = relation.arbiter == Relation.anyIndex
        lockTargets = relation.isUnique ? nil : writer.lockTargets()
        insert = writer.insert(isByAnyIndex: isByAnyIndex)
        clash = isByAnyIndex ? writer.clash(checked.otherIndexes) : nil
        parentColumns = writer.parentColumns
        parents = relation.children.isEmpty ? nil : writer.parents()
        deleteChildren = relation.children.map(writer.deleteChildren)
        onAssign = relation.effects.onAssign.map {
            EffectStatement($0, of: checked.table, sets: [.created, .updated])
        }
        onUnassign = relation.effects.onUnassign.map {
            EffectStatement($0, of: checked.table, sets: [.removed])
        }
        lookups = relation.lookups.map { LookupStatement($0, given, of: relation) }
        let updated = updatedPositions.map { given[$0].name }
        lockForUpdate = updated.isEmpty ? nil : writer.lockForUpdate(updated)
        update = updated.isEmpty ? nil : writer.update(updated)
        lockForDelete = writer.lockForDelete()
        lock = writer.lock(updated)
        delete = writer.delete()
    }
}

/// Puts the statements' texts together.
private struct Writer {
    let relation: Relation
    let table: TableSchema
    let given: [Column]
    let inputs: [Column]
    let rows: RowMatch

    private var tableName: String { table.name.quoted }

    /// What a row that was written is returned as, where something follows from it.
    private func returned(_ row: String, for effects: [String]) -> String {
        effects.isEmpty ? "" : ", (\(row).*)::text AS \(EffectStatement.rowText)"
    }

    private var attributes: [Column] {
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
        let isMember = relation.member.map { "held.\(quoteIdentifier($0)) IS NOT NULL" }
        let key = relation.identity.map { "held.\(quoteIdentifier($0))" }
        let joins = relation.target.map { name in
            "held.\(quoteIdentifier(name)) = item.\(quoteIdentifier(name))"
        }
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
    private func sent(_ row: String, _ column: Column) -> String {
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
        let names = Set(relation.protects.flatMap { ItemCheck.placeholders(in: $0.message) })
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
        return """
            SELECT pg_catalog.pg_advisory_xact_lock(target.key) FROM (
              SELECT DISTINCT pg_catalog.hashtextextended(
                '\(name)', pg_catalog.hashtextextended(ROW(\(target))::text, 0)) AS key
              FROM (\(staged())) AS item ORDER BY 1 OFFSET 0) AS target
            """
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
              ORDER BY \(identity.map { "item.\($0)" }.joined(separator: ", "))
              \(rows.conflictClause(isByAnyIndex: isByAnyIndex))
              RETURNING \(identity.map { "\(row).\($0)" }.joined(separator: ", "))\(returned(row, for: relation.effects.onAssign)))
            SELECT \(Self.number)\(relation.effects.onAssign.isEmpty ? "" : ", written.\(EffectStatement.rowText)")
            FROM written JOIN item ON \(rows.matches("written"))
            """
    }

    func clash(_ indexes: [UniqueIndex]) -> String {
        let parts = indexes.enumerated().map { number, index in
            let keys = index.columns.map { name in
                "held.\(quoteIdentifier(name)) = item.\(quoteIdentifier(name))"
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

    // MARK: Parts

    /// The items as the job gave them, each column in its own type.
    ///
    /// - Parameter condition: which of them, by the reason to lock them that comes in a last array.
    private func staged(where condition: String? = nil) -> String {
        var columns = ["raw.n AS \"item:n\""]
        var names = ["n"]
        var arrays = ["$1::int4[]"]
        for (index, column) in given.enumerated() {
            let wire = StagedColumn.Wire(column.type)
            arrays.append("$\(index + 2)::\(wire.type)[]")
            names.append("c\(index)")
            columns.append("\(cast("raw.c\(index)", column)) AS \(quoteIdentifier(column.name))")
        }
        for (index, column) in attributes.enumerated() {
            arrays.append("$\(given.count + index + 2)::bool[]")
            names.append("g\(index)")
            columns.append("raw.g\(index) AS \(givenName(column.name))")
        }
        if condition != nil {
            arrays.append("$\(arrays.count + 1)::int2[]")
            names.append("reason")
            columns.append("raw.reason AS \(Self.reasonName)")
        }
        return """
            SELECT \(columns.joined(separator: ", "))
            FROM unnest(\(arrays.joined(separator: ", "))) AS raw (\(names.joined(separator: ", ")))
            \(condition.map { "WHERE \($0)" } ?? "")
            """
    }

    /// The items with the database's defaults for attributes that the job left out, and with the
    /// computed columns, each in a layer of its own so that it can use the ones before.
    ///
    /// - Parameter named: the columns that are read; others need not be computed.
    private func completed(
        for named: Set<String>? = nil, where condition: String? = nil
    ) -> String {
        var sql = staged(where: condition)
        let defaulted = attributes.filter { $0.defaultExpression != nil }
        if !defaulted.isEmpty {
            let columns =
                [Self.number]
                + given.map { column -> String in
                    let name = quoteIdentifier(column.name)
                    guard relation.attributes.contains(column.name),
                        let expression = column.defaultExpression
                    else { return "item.\(name)" }
                    return "CASE WHEN item.\(givenName(column.name)) THEN item.\(name) "
                        + "ELSE (\(expression)) END AS \(name)"
                } + attributes.map { "item.\(givenName($0.name))" }
                + (condition == nil ? [] : ["item.\(Self.reasonName)"])
            sql = "SELECT \(columns.joined(separator: ", ")) FROM (\(sql)) AS item"
        }
        for computed in computed(for: named) {
            sql = """
                SELECT item.*, \(converted(computed)) AS \(quoteIdentifier(computed.name))
                FROM (\(sql)) AS item
                """
        }
        return sql
    }

    /// The computed columns among these, and those that they use.
    private func computed(for named: Set<String>?) -> [ComputedColumn] {
        guard var needed = named else { return relation.computed }
        // A column uses only earlier ones, so one pass from the end finds all.
        for column in relation.computed.reversed() where needed.contains(column.name) {
            needed.formUnion(ItemReferences.columns(in: column.expression))
        }
        return relation.computed.filter { needed.contains($0.name) }
    }

    /// A computed value in its column's type.
    ///
    /// Texts stay as they are: a cast to varchar(n) would cut them off in silence where the INSERT
    /// refuses them.
    private func converted(_ computed: ComputedColumn) -> String {
        guard let column = table.column(computed.name) else { return computed.expression }
        switch column.type {
        case .text, .character: return "(\(computed.expression))"
        default: return "(\(computed.expression))::\(column.typeName)"
        }
    }

    /// A value that travels as text becomes its column's type; integers, UUIDs and plain texts are
    /// what they are.
    private func cast(_ expression: String, _ column: Column) -> String {
        let isPlain =
            switch column.type {
            case .int16, .int32, .int64, .boolean, .uuid, .text: true
            case .character, .numeric, .float, .date, .timestamp, .timestampWithZone,
                .enumeration, .other:
                false
            }
        let isBuiltIn = !column.typeName.contains(".")
        return isPlain && isBuiltIn ? expression : "\(expression)::\(column.typeName)"
    }

    /// The number of the staged item.
    ///
    /// Its name is one that hardly a table has, because the item's columns stand beside it.
    private static let number = "item.\"item:n\""

    private static let reasonName = "\"item:reason\""

    /// Whether the job said something of an attribute: a column of the staged item beside it, by
    /// its position, so that a long name is not cut off.
    private func givenName(_ attribute: String) -> String {
        let position = relation.attributes.firstIndex(of: attribute)
        return quoteIdentifier("given:\(position ?? relation.attributes.count)")
    }

    private func differs(_ row: String, _ columns: [String]) -> String {
        guard !columns.isEmpty else { return "false" }
        return columns.map { name in
            let column = quoteIdentifier(name)
            return "(item.\(givenName(name)) AND \(row).\(column) IS DISTINCT FROM item.\(column))"
        }.joined(separator: " OR ")
    }

    /// The items of an unassign, with what `covers` compares.
    private func removalItems(where condition: String? = nil) -> String {
        relation.isFoundByIdentity
            ? completed(for: Set(relation.identity), where: condition) : staged(where: condition)
    }

    /// The rows that an unassign covers: target, member and the attributes that it gives.
    private func covers(_ row: String, by item: String = "item") -> String {
        var conditions =
            relation.isFoundByIdentity
            ? [rows.matches(row, item)]
            : (relation.target + relation.member).map { name in
                "\(row).\(quoteIdentifier(name)) = \(item).\(quoteIdentifier(name))"
            }
        conditions += attributes.filter { attribute in
            !inputs.contains { $0.name == attribute.name }
        }.map { attribute in
            let column = quoteIdentifier(attribute.name)
            return "(NOT \(item).\(givenName(attribute.name)) "
                + "OR \(row).\(column) IS NOT DISTINCT FROM \(item).\(column))"
        }
        return conditions.joined(separator: " AND ")
    }
}
