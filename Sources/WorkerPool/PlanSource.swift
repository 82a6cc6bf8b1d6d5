import Catalog
import Execution
import Postgres
import Synchronization

/// The compiled catalog that all lanes execute by, read again when the schema has changed.
final class PlanSource: Sendable {
    private let catalog: Catalog
    private let plans: Mutex<[String: RelationPlan]>

    init(_ catalog: Catalog, plans: [String: RelationPlan]) {
        self.catalog = catalog
        self.plans = Mutex(plans)
    }

    var current: [String: RelationPlan] { plans.withLock { $0 } }

    /// Reads the tables' descriptions again; keeps the old plans while the catalog does not fit.
    func reload(on connection: Connection) throws(PostgresError) {
        let (fresh, findings) = try RelationPlan.compile(catalog, on: connection)
        guard !findings.contains(where: { $0.level == .error }) else { return }
        plans.withLock { $0 = fresh }
    }
}
