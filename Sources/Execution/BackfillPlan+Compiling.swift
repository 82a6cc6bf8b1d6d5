import Catalog
import Postgres

extension BackfillPlan {
    /// Checks a catalog's backfills against the database and compiles those that fit.
    ///
    /// - Throws: `PostgresError` when the database cannot be asked.
    public static func compile(
        _ catalog: Catalog, on connection: Connection
    ) throws(PostgresError) -> (plans: [String: BackfillPlan], findings: [Finding]) {
        var plans: [String: BackfillPlan] = [:]
        var findings: [Finding] = []
        for backfill in catalog.sortedBackfills {
            let (plan, found) = try compile(backfill, on: connection)
            plans[backfill.name] = plan
            findings += found
        }
        return (plans, findings)
    }

    /// Checks and compiles one backfill.
    public static func compile(
        _ backfill: Backfill, on connection: Connection
    ) throws(PostgresError) -> (plan: BackfillPlan?, findings: [Finding]) {
        var (checked, findings) = try RelationPlan.briefly(on: connection) {
            try BackfillCheck.check(backfill, on: connection)
        }
        guard let checked else { return (nil, findings) }
        let plan = BackfillPlan(checked)
        let problems = try plan.problems(on: connection)
        findings += problems
        guard !problems.contains(where: { $0.level == .error }) else { return (nil, findings) }
        let parts = plan.steps.count { $0.walk != nil }
        findings.append(
            Finding(
                .ok, backfill.name,
                "\(plan.steps.count) \(plan.steps.count == 1 ? "step" : "steps"), "
                    + "\(parts) of them in parts"
                    + (backfill.isGated ? ", done again when its definition changes" : "")))
        return (plan, findings)
    }

    /// Lets the database plan the statements, which finds what is wrong in the catalog's own SQL.
    private func problems(on connection: Connection) throws(PostgresError) -> [Finding] {
        var findings: [Finding] = []
        for step in steps {
            for (sql, clause) in step.statementsToCheck {
                if let finding = try problem(with: sql, clause, of: step, on: connection) {
                    findings.append(finding)
                    break
                }
            }
        }
        return findings
    }

    private func problem(
        with sql: BackfillSQL, _ clause: String, of step: Step, on connection: Connection
    ) throws(PostgresError) -> Finding? {
        do throws(PostgresError) {
            try RelationPlan.briefly(on: connection) {
                try connection.execute(
                    "EXPLAIN \(sql.text)", sql.parameters(noValues(step), data: backfill.data))
            }
            return nil
        } catch {
            let isPassing = [.contention, .lock].contains(FailureClass(error))
            guard !isPassing, !error.isConnectionLost, error.sqlState != nil else { throw error }
            if let missing = try MissingPrivilege.finding(
                for: error, in: sql.text, backfill.name, at: backfill.location, on: connection)
            {
                return missing
            }
            if error.sqlState == .undefinedTable {
                // What a backfill reads may be gone once it has done its work, or be still to come.
                return Finding(
                    .warning, backfill.name,
                    "step \"\(step.name)\": expected all tables of its SQL, got an error: "
                        + "\(error.message); a job that asks for it waits for the table",
                    remedy: "create it, mend \(clause) at \(backfill.location), or leave it if "
                        + "the backfill has done its work")
            }
            return Finding(
                .error, backfill.name,
                "step \"\(step.name)\": expected SQL that the database accepts, got an error: "
                    + error.message,
                remedy: "mend \(clause) at \(backfill.location)")
        }
    }

    /// Nothing is known yet, and nothing is executed.
    private func noValues(_ step: Step) -> BackfillSQL.Values {
        let key = [String?](repeating: nil, count: step.walk?.keyCount ?? 0)
        return BackfillSQL.Values(
            from: key, to: key, after: key, limit: 1,
            arguments: [String?](repeating: nil, count: parameters.count))
    }
}

extension BackfillPlan.Step {
    fileprivate var statementsToCheck: [(BackfillSQL, clause: String)] {
        let walked = walk.map {
            [($0.firstPortion, "`chunk`"), ($0.nextPortion, "`chunk`"), ($0.middle, "`chunk`")]
        }
        return (walked ?? []) + statements.map { ($0.sql, "`sql`") }
    }
}
