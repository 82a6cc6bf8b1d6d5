import Catalog
import Execution
import Jobs
import Logging
import Postgres
import Store
import Synchronization

/// The compiled catalog that all lanes execute by, made anew when its tables have changed.
final class PlanSource: Sendable {
    /// The catalog as it was compiled at one time.
    struct Compiled: Sendable {
        fileprivate let generation: Int
        let plans: [String: RelationPlan]
        fileprivate(set) var backfills: [String: BackfillPlan]
        let rosters: [String: RosterPlan]
        /// The relations that do not fit their tables, and why.
        fileprivate let misfits: [String: String]

        /// Whether somebody has changed a table of these relations since.
        func isOutdated(
            for relations: Set<String>, on connection: Connection
        ) throws(PostgresError) -> Bool {
            for relation in relations {
                guard let plan = plans[relation] else { continue }
                guard try plan.isCurrent(on: connection) else { return true }
            }
            return false
        }
    }

    private let catalog: Catalog
    private let schema: StatusSchema
    private let logger: Logger
    private let compiled: Mutex<Compiled>
    /// Held while one lane compiles, so that others that have noticed the same wait for it.
    private let compiling = Mutex<Void>(())

    init(
        _ catalog: Catalog, plans: [String: RelationPlan], backfills: [String: BackfillPlan],
        rosters: [String: RosterPlan], schema: StatusSchema, logger: Logger
    ) {
        self.catalog = catalog
        self.schema = schema
        self.logger = logger
        compiled = Mutex(
            Compiled(
                generation: 0, plans: plans, backfills: backfills, rosters: rosters, misfits: [:]))
    }

    /// The backfills as they were compiled last.
    var backfills: [String: BackfillPlan] { compiled.withLock { $0.backfills } }

    /// The rosters as they were compiled last.
    var rosters: [String: RosterPlan] { compiled.withLock { $0.rosters } }

    /// Compiles a backfill again.
    ///
    /// - Returns: whether its statements are others now. One that does not fit its tables stays as it
    ///   was: what it does fails until somebody has mended them.
    func recompile(_ name: String, on connection: Connection) throws(PostgresError) -> Bool {
        guard let backfill = catalog.backfills[name] else {
            // An import's tables are relations, or like them.
            try reload(replacing: compiled.withLock { $0 }, on: connection)
            return false
        }
        let (plan, _) = try BackfillPlan.compile(backfill, on: connection)
        guard let plan else { return false }
        return compiled.withLock { compiled in
            let isSame = compiled.backfills[name]?.hasSameStatements(as: plan) == true
            compiled.backfills[name] = plan
            return !isSame
        }
    }

    /// Plans for these relations; made anew first where the last ones did not fit.
    ///
    /// - Throws: ``Misfit`` where they still do not, or `PostgresError`.
    func fitting(_ relations: Set<String>, on connection: Connection) throws -> Compiled {
        var compiled = compiled.withLock { $0 }
        if relations.contains(where: { compiled.misfits[$0] != nil }) {
            compiled = try reload(replacing: compiled, on: connection)
        }
        for relation in relations.sorted() {
            if let reason = compiled.misfits[relation] {
                throw Misfit(relation: relation, reason: reason)
            }
        }
        return compiled
    }

    /// Reads the tables' descriptions again and compiles all relations that fit them.
    ///
    /// - Parameter old: what does not fit; if another lane has replaced it, that is the answer.
    @discardableResult
    func reload(replacing old: Compiled, on connection: Connection) throws(PostgresError)
        -> Compiled
    {
        try compiling.withLock { _ throws(PostgresError) in
            let current = compiled.withLock { $0 }
            guard current.generation == old.generation else { return current }
            let (plans, findings) = try RelationPlan.compile(catalog, on: connection)
            let own = try RosterRelations.compile(catalog, on: connection).plans
            let rosters = RosterPlan.plans(
                of: catalog, relations: plans, own: own, schema: schema)
            var misfits: [String: String] = [:]
            for name in catalog.relations.keys where plans[name] == nil {
                misfits[name] = Self.reason(name, findings)
            }
            let found = misfits
            let fresh = compiled.withLock { compiled in
                compiled = Compiled(
                    generation: old.generation + 1, plans: plans, backfills: compiled.backfills,
                    rosters: rosters, misfits: found)
                return compiled
            }
            if misfits != old.misfits || misfits.isEmpty {
                logger.notice(
                    "tables have changed, the catalog was compiled again",
                    metadata: ["misfits": "\(misfits.keys.sorted().joined(separator: ","))"])
            }
            return fresh
        }
    }

    /// Why a relation does not fit its tables; those of its children are named after it.
    private static func reason(_ relation: String, _ findings: [Finding]) -> String {
        let errors = findings.filter { finding in
            finding.level == .error
                && (finding.relation == relation || finding.relation.hasPrefix("\(relation)."))
        }
        return errors.map { $0.message + ($0.remedy.map { "; \($0)" } ?? "") }
            .joined(separator: "; ")
    }
}

/// A relation of the catalog does not fit its table: its jobs wait until one of the two is mended.
struct Misfit: Error {
    let relation: String
    let reason: String

    var failure: Failure {
        Failure(
            kind: .schema, text: reason, isSilent: false,
            verdict: Rejection(code: "schema", message: reason))
    }
}
