import Catalog
import Postgres

extension RelationPlan {
    /// All statements, about in the order in which a batch comes to them.
    public var statements: [PlannedStatement] {
        let all = readingStatements + writingStatements + childStatements + effectStatements
        return relation.isRemovable ? all : all.filter(\.isForAssigns)
    }

    /// The tables of children, each as a relation of its own to which only assigns are made.
    public var childPlans: [RelationPlan] { children.map(\.plan) }

    private var childStatements: [PlannedStatement] {
        let removals = zip(relation.children, sql.deleteChildren).map { child, sql in
            of(
                .removals, sql, "delete \(child.field)",
                "removes the \(child.field) of rows that will be removed",
                "once a run that removes rows")
        }
        let parents = of(
            .assigns, sql.parents, "parents", "finds the rows that children are written for",
            "once a run that assigns items with children")
        return ([parents] + removals).compactMap { $0 }
    }

    private var readingStatements: [PlannedStatement] {
        let checking = dependsOnEarlierJobs ? "before each run of a batch" : "once a batch"
        let sweeping = "once a batch, if a job is exact or for all members"
        return sql.lookups.enumerated().map { number, lookup in
            PlannedStatement(
                name: "lookup \(lookup.lookup.side.rawValue).\(lookup.lookup.field)",
                purpose: "finds what is meant by a name",
                timing: "once a batch, if a job calls something so", sql: lookup.sql,
                input: .names(number))
        }
            + [
                of(
                    .all, sql.probe, "probe", "finds values that their columns do not take",
                    "after a batch has failed, with halves of it, until the items at fault stand "
                        + "alone"),
                of(
                    .assigns, sql.complete, "complete",
                    "gives items the defaults for what they leave out of their identity",
                    "once a batch, if an assign leaves such a thing out"),
                of(
                    .all, sql.lockTargets, "lock targets",
                    "lets nobody else write the same targets", "once a batch"),
                of(
                    .assigns, sql.check, "check",
                    "finds the items that a foreign key, a CHECK or a rule refuses",
                    "\(checking), if it assigns"),
                of(
                    .sweeps, sql.present, "present", "reads the rows that the targets have",
                    sweeping, .rowLimit),
                of(
                    .all, sql.identify, "identify",
                    "tells which items are about the same row, where bytes do not tell",
                    "once a batch"),
                of(
                    .all, sql.identifyTarget, "identify target",
                    "tells which items are about the same target, where bytes do not tell",
                    sweeping),
                of(
                    .removals, sql.protect, "protect",
                    "finds the items whose rows a rule protects", "\(checking), if it unassigns"),
            ].compactMap { $0 }
    }

    private var writingStatements: [PlannedStatement] {
        [
            of(
                .assigns, sql.insert, "insert", "writes the rows that are not there",
                "once a run that assigns"),
            of(
                .assigns, sql.clash, "clash",
                "finds the items that were not written because of another row than theirs",
                "once a run that finds rows there"),
            of(
                .assigns, sql.keptOut, "kept out",
                "finds the items whose rows a trigger has kept out",
                "once a run that finds rows there"),
            // Rows that are never removed are locked to be changed, now or by a later run.
            of(
                .all, relation.isRemovable || !updatedPositions.isEmpty ? sql.lock : nil, "lock",
                "locks the rows that will be removed or changed",
                "once a run that removes and changes rows", .lockReasons),
            of(
                .removals, sql.lockForDelete, "lock for delete",
                "locks the rows that will be removed",
                "once a run that removes rows and changes none"),
            of(
                .removals, sql.delete, "delete", "removes rows", "once a run that removes rows"),
            of(
                .assigns, sql.lockForUpdate, "lock for update",
                "locks the rows that will be changed",
                "once a run that changes rows and removes none"),
            of(
                .assigns, sql.update, "update", "changes the rows that are not as the job says",
                "once a run that finds rows there"),
        ].compactMap { $0 }
    }

    private var effectStatements: [PlannedStatement] {
        func effects(
            _ name: String, _ statements: [EffectStatement], _ all: String
        ) -> [PlannedStatement] {
            statements.enumerated().map { number, effect in
                let sets = effect.sets.map(\.rawValue).joined(separator: " or ")
                return PlannedStatement(
                    name: "\(name) \(number + 1)",
                    purpose: "follows from the rows that are written",
                    timing: "once a run that has \(sets.isEmpty ? all : sets) rows",
                    sql: effect.sql, input: .rows(effect.sets))
            }
        }
        return effects("on_unassign", sql.onUnassign, "removed")
            + effects("on_assign", sql.onAssign, "created or updated")
    }

    private func of(
        _ items: PlannedStatement.Items, _ sql: String?, _ name: String, _ purpose: String,
        _ timing: String, _ extra: PlannedStatement.Extra? = nil
    ) -> PlannedStatement? {
        sql.map {
            PlannedStatement(
                name: name, purpose: purpose, timing: timing, sql: $0, input: .items(items, extra))
        }
    }

    // MARK: Parameters

    /// What the items are as parameters: a type and a word on each, from `$1`.
    public var itemParameters: [(type: String, meaning: String)] {
        [("int4[]", "the numbers of the items in their batch")]
            + given.map { column in
                (
                    "\(StagedColumn.Wire(column.type).type)[]",
                    "\(column.name), \(column.typeName)"
                )
            }
            + attributePositions.map { position in
                ("bool[]", "whether the job says something of \(given[position].name)")
            }
    }

    /// Parameters for a statement without an item, name or row.
    func parameters(for statement: PlannedStatement) -> Parameters {
        switch statement.input {
        case .items(_, let extra):
            var parameters = emptyParameters
            Self.append(extra, removals: 0, updates: 0, to: &parameters)
            return parameters
        case .names:
            var parameters = Parameters()
            parameters.append(ArrayParameter(.int4))
            parameters.append(ArrayParameter(.text))
            return parameters
        case .rows(let sets):
            var parameters = Parameters()
            for _ in sets { WrittenRows().append(to: &parameters) }
            return parameters
        }
    }

    /// Appends what follows the items, of which those to remove come first.
    static func append(
        _ extra: PlannedStatement.Extra?, removals: Int, updates: Int,
        to parameters: inout Parameters
    ) {
        switch extra {
        case nil: break
        // Many, so that the planner does not reckon with the first few rows.
        case .rowLimit: parameters.append(Int64(1_000_000))
        case .lockReasons:
            var reasons = ArrayParameter(.int2)
            for _ in 0..<removals { reasons.append(int16: RelationSQL.LockReason.removal.rawValue) }
            for _ in 0..<updates { reasons.append(int16: RelationSQL.LockReason.update.rawValue) }
            parameters.append(reasons)
        }
    }

    private var emptyParameters: Parameters {
        var parameters = Parameters()
        parameters.append(ArrayParameter(.int4))
        for column in given {
            parameters.append(ArrayParameter(StagedColumn.Wire(column.type).element))
        }
        for _ in attributePositions { parameters.append(ArrayParameter(.bool)) }
        return parameters
    }
}
