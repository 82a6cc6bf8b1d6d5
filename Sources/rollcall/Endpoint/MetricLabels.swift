import Catalog
import Jobs
import Store
import WorkerPool

/// The values that labels may have: those that are known before anything has happened, all of which are
/// shown from the beginning, and `other` for the rest.
///
/// No message and no database can add a series.
struct MetricLabels {
    static let other = "other"

    /// The kinds of jobs with the catalog's entries that there can be.
    let works: [PoolCounts.Work]
    let kinds: [Job.Kind]
    let topics: [String]
    /// What can be paused, but for single jobs.
    let controls: [Control]
    /// The codes with which items of the catalog's relations and rosters can be rejected.
    let codes: [String]
    private let knownCodes: Set<String>
    private let knownTopics: Set<String>

    /// Those that any relation has.
    private static let builtIn = [
        "ambiguous-member", "ambiguous-target", "invalid-header", "invalid-value", "item-rejected",
        "missing-value", "not-applied", "not-written", "row-width", "too-many-removals",
        "too-many-rows", "unknown-attribute", "unknown-member", "unknown-target", "timeout",
        "worker-died",
    ]

    init(_ catalog: Catalog, topics: [String]) {
        works =
            catalog.sortedRelations.flatMap { relation in
                (relation.isRemovable ? [Job.Kind.assign, .unassign] : [.assign]).map {
                    PoolCounts.Work(kind: $0, entry: relation.name)
                }
            } + catalog.sortedRosters.map { PoolCounts.Work(kind: .rosterImport, entry: $0.name) }
            + catalog.sortedBackfills.map { PoolCounts.Work(kind: .backfill, entry: $0.name) }
        kinds = Job.Kind.allCases
        controls =
            topics.map { Control(.topic, $0) }
            + Job.Kind.allCases.map { Control(.kind, $0.rawValue) }
            + catalog.sortedRelations.map { Control(.relation, $0.name) }
            + catalog.sortedBackfills.map { Control(.backfill, $0.name) }
        self.topics = topics
        let own = catalog.relations.values.flatMap(Self.codes)
        let columns = catalog.rosters.values.flatMap(\.files).flatMap(\.columns)
        let duplicates = columns.filter { $0.uniqueness != nil }.map { "duplicate-\($0.name)" }
        knownCodes = Set(Self.builtIn + own + duplicates)
        codes = knownCodes.sorted() + [Self.other]
        knownTopics = Set(topics)
    }

    /// What its rules, keys and names can say.
    private static func codes(of relation: Relation) -> [String] {
        let rules = relation.rejects + relation.protects + relation.children.flatMap(\.rejects)
        let keys = relation.givenColumns + relation.computed.map(\.name)
        let unknown = keys.map { column in
            "unknown-" + (column.hasSuffix("_id") ? String(column.dropLast(3)) : column)
        }
        let names = relation.lookups.flatMap { ["unknown-\($0.field)", "ambiguous-\($0.field)"] }
        return rules.map(\.code) + unknown + names
    }

    func code(_ code: String) -> String { knownCodes.contains(code) ? code : Self.other }

    func topic(_ topic: String) -> String { knownTopics.contains(topic) ? topic : Self.other }

    /// The classes of the appendix "PostgreSQL Error Codes" of the manual that transactions fail with.
    static let sqlClasses = [
        "none", "08", "21", "22", "23", "25", "28", "2F", "3D", "3F", "40", "42", "44", "53", "54",
        "55", "57", "58", "P0", "XX", other,
    ]

    static func sqlClass(_ name: String) -> String {
        let name = name.isEmpty ? "none" : name
        return sqlClasses.contains(name) ? name : other
    }
}
