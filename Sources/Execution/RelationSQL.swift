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
    /// One more parameter is the most rows to return. Nil where the targets are in no column, or there are none.
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
    /// The items that a trigger has kept out; nil where no trigger could.
    let keptOut: String?
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
        let writer = SQLWriter(
            relation: relation, table: checked.table, given: given, inputs: checked.inputs,
            rows: RowMatch(checked))
        checks = ItemCheck.all(of: relation, in: checked.table, constraints, writer.rows)
        probe = writer.probe()
        let hasExpressions = writer.rows.hasExpressions
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
        present =
            relation.isFoundByIdentity || !relation.isRemovable ? nil : writer.present(identity)
        check = checks.isEmpty ? nil : writer.check(checks)
        protectColumns = writer.protectColumns
        protect = relation.protects.isEmpty ? nil : writer.protect()
        let isByAnyIndex = relation.arbiter == Relation.anyIndex
        lockTargets = relation.isUnique ? nil : writer.lockTargets()
        insert = writer.insert(isByAnyIndex: isByAnyIndex)
        clash = isByAnyIndex ? writer.clash(checked.otherIndexes) : nil
        keptOut = checked.table.triggers.isEmpty ? nil : writer.keptOut()
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
