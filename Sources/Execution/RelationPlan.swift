import Catalog
import Jobs
import Postgres

/// A relation compiled to its statements: made once when the catalog is read, used for every batch.
///
/// The statements take arrays, one a column, so their number and text are the same for one item
/// and for 10,000. Identifiers come from the checked catalog and are quoted; values are parameters.
public struct RelationPlan: Sendable {
    public let relation: Relation
    public let table: TableSchema
    /// The columns whose values jobs give, in the order of staging: target, member, attributes.
    let given: [Column]
    /// The positions among `given` of the columns that make two items be about one row.
    let identityPositions: [Int]
    /// The positions among `given` of the attributes.
    let attributePositions: Range<Int>
    /// The positions among `given` of what an assign may change.
    let updatedPositions: [Int]
    /// The attributes that are part of the identity.
    let identityAttributes: [Int]
    /// The positions among `given` of target and member, as far as they are part of the identity:
    /// two items that differ here are never about one row.
    let unitPositions: [Int]
    /// An identity says which target and member it is about.
    let identityCoversKeys: Bool
    /// The values of an identity are equal only if their bytes are.
    let hasExactIdentity: Bool
    /// A row holds nothing but its identity and what follows from it.
    let rowsAreTheirIdentity: Bool
    /// What one item writes and another takes back need not be written.
    ///
    /// Nothing follows from rows then but the rows: not so with triggers, effects, children, and
    /// rules over rows to remove.
    let foldsOpposites: Bool
    /// What another job of the same key writes may decide what becomes of an item: by a rule or an
    /// effect, by a foreign key to the table itself, or by a second unique index.
    public let dependsOnEarlierJobs: Bool
    private let dependsByTable: Bool
    /// A job may write new rows and change others, by two statements: triggers of a later job's rows
    /// must not fire before those of an earlier one's.
    private let mixesWrites: Bool
    /// Where the items of a key must be executed one after the other.
    let cuts: WorkCuts
    /// New rows are written before old ones are removed, because no row that is removed makes room
    /// for another.
    let insertsFirst: Bool
    /// The unique indexes beside the one of the identity.
    let otherIndexes: [UniqueIndex]
    /// What an item is refused for by `check`, by the number that the statement returns.
    let checks: [ItemCheck]
    let sql: RelationSQL
    /// How a row is known to be the one of an item.
    let match: RowMatch
    /// The tables of rows that belong to a row.
    let children: [ChildPlan]

    /// - Parameters:
    ///   - checked: the relation beside its table.
    ///   - writtenTables: the tables that the relation's jobs write.
    ///   - constraints: the CHECK constraints of the table that can be tested before the write.
    ///   - excludes: the table has an exclusion constraint.
    ///   - children: the plans of the child tables, in the catalog's order.
    init(
        _ checked: CheckedRelation, writtenTables: [TableName], readers: HiddenReaders,
        constraints: [CheckConstraint],
        excludes: Bool, children: [ChildPlan] = []
    ) {
        let relation = checked.relation
        let table = checked.table
        self.children = children
        self.relation = relation
        self.table = table
        let columns = relation.givenColumns
        given = columns.compactMap(checked.column)
        let keyCount = relation.target.count + relation.member.count
        attributePositions = keyCount..<columns.count
        let sources = relation.identitySources
        let identityPositions = columns.indices.filter { sources.contains(columns[$0]) }
        self.identityPositions = identityPositions
        identityAttributes = identityPositions.filter { $0 >= keyCount }
        unitPositions = identityPositions.filter { $0 < keyCount }
        identityCoversKeys = unitPositions.count == keyCount
        let updated = relation.conflict.updatedColumns
        updatedPositions = columns.indices.filter { updated.contains(columns[$0]) }
        hasExactIdentity =
            identityPositions.allSatisfy { position in
                checked.column(columns[position])?.hasExactEquality == true
            } && !RowMatch(checked).hasExpressions
        // What is computed may be the time. With a row that goes and comes, what refers to it goes.
        rowsAreTheirIdentity =
            table.columns.allSatisfy { relation.identity.contains($0.name) } && !table.isReferenced
        let sql = RelationSQL(
            checked, given: given, identityPositions: identityPositions,
            updatedPositions: updatedPositions, constraints: constraints)
        self.sql = sql
        match = RowMatch(checked)
        checks = sql.checks
        foldsOpposites =
            table.triggers.isEmpty && relation.effects.isEmpty && relation.protects.isEmpty
            && relation.children.isEmpty
        let hasParentsOfItsOwn = table.foreignKeys.contains { $0.parent == table.name }
        otherIndexes = checked.otherIndexes
        let canClash =
            excludes
            || otherIndexes.contains { index in
                index.hasExpressions || !relation.tellsIdentitiesApart(index)
                    || index.columns.contains(where: relation.attributes.contains)
            }
        cuts = WorkCuts(
            relation, written: writtenTables, readers: readers,
            sharesChildren: children.contains(where: \.mayBeAnothers),
            hasTriggers: !table.triggers.isEmpty)
        mixesWrites = !relation.conflict.updatedColumns.isEmpty && !table.triggers.isEmpty
        dependsByTable = hasParentsOfItsOwn || canClash || relation.conflict == .refuse
        dependsOnEarlierJobs =
            dependsByTable || cuts.targetsOfAssigns || cuts.targetsOfUnassigns
        // A trigger may count rows.
        insertsFirst =
            !dependsOnEarlierJobs && foldsOpposites && relation.isUnique
            && otherIndexes.allSatisfy { relation.tellsIdentitiesApart($0) }
    }

    /// Another job of the same key may decide what becomes of an item, or what follows from it.
    func cutsJobs(of operation: Assignment.Operation) -> Bool {
        cuts.targets(of: operation) || dependsByTable || mixesWrites
    }
}

extension Relation {
    /// Rows of different identities never have one key of this index.
    fileprivate func tellsIdentitiesApart(_ index: UniqueIndex) -> Bool {
        let named = Set(givenColumns + computed.map(\.name))
        let columns = index.columns.filter(named.contains)
        // What a job neither gives nor computes is a number of the database's own.
        if columns.isEmpty { return true }
        let known = columns.reduce(into: Set(columns)) { $0.formUnion(sources(of: $1)) }
        return known.isSuperset(of: identity) || known.isSuperset(of: identitySources)
    }
}

/// How the children of a relation's rows are written.
struct ChildPlan: Sendable {
    let child: ChildTable
    /// The child table as a relation whose targets are the parents.
    let plan: RelationPlan

    /// A child that one parent gives may be there as another parent's, or clash with it.
    var mayBeAnothers: Bool {
        plan.dependsOnEarlierJobs || child.parent.contains { !child.identity.contains($0.column) }
    }

    /// For each of its target columns the place among the columns that its parents are read with.
    func parentPlaces(among columns: [Column]) -> [Int] {
        child.parent.compactMap { pair in
            columns.firstIndex { $0.name == pair.parentColumn }
        }
    }
}
