import Catalog
import Execution
import Foundation
import Jobs
import Postgres
import Store

/// How a desk runs a system's backfills.
extension SystemDesk {
    /// How a backfill ended.
    struct BackfillEnding: CustomStringConvertible {
        let state: String
        let isSkipped: Bool
        let created: Int
        let updated: Int
        let removed: Int
        let parts: Int
        let error: String?
        let message: String?

        var written: Int { created + updated + removed }

        var description: String {
            "\(state)\(isSkipped ? ", skipped" : ""), created \(created), updated \(updated), "
                + "removed \(removed), \(parts) parts\(error.map { ", \($0): \(message ?? "")" } ?? "")"
        }
    }

    static func backfills(
        _ plans: [String: BackfillPlan], _ rosters: RosterExecutor? = nil
    ) -> BackfillExecutor {
        BackfillExecutor(
            plans: plans, rosters: rosters, store: BackfillStore(StatusSchema(), worker: "tester"),
            limits: BackfillExecutor.Limits(
                transaction: transactionLimits, textLength: 10_000, attempts: 3,
                delay: { _ in .milliseconds(1) }),
            recompile: { _, _ in false })
    }

    static func request(_ name: String, _ scope: [String: Int] = [:], _ more: String = "") -> String
    {
        let values = scope.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "\"backfill\":\"\(name)\",\"scope\":{\(values.joined(separator: ","))}\(more)"
    }

    /// Takes a backfill in and works until it has ended.
    ///
    /// - Parameter executor: with other definitions than the desk's own.
    @discardableResult
    func run(
        _ name: String, _ scope: [String: Int] = [:], isForced: Bool = false, lanes: Int = 1,
        with other: SystemDesk.Definitions? = nil
    ) throws -> BackfillEnding {
        let message = try takeIn(name, scope, isForced: isForced, with: other)
        try work(lanes: lanes, with: other)
        return try backfillEnding(message)
    }

    func takeIn(
        _ name: String, _ scope: [String: Int] = [:], isForced: Bool = false,
        with other: Definitions? = nil
    ) throws -> Message {
        let message = try message(
            "backfill", Self.request(name, scope, isForced ? ",\"force\":true" : ""))
        _ = try (other?.batches ?? executor).execute(
            Batch([Batch.Entry(message: message, key: 0)]), on: connection)
        return message
    }

    /// Takes turns until there is nothing left to do, on so many connections at the same time.
    func work(lanes: Int = 1, with other: Definitions? = nil) throws {
        let backfills = other?.backfills ?? backfills
        let failures = sideBySide(lanes) { _, connection in
            var isQuiet = false
            while !isQuiet {
                // Idle is also who has to wait for another's part.
                guard case .idle = try backfills.turn(on: connection, onClaim: {}) else { continue }
                isQuiet = try Self.isQuiet(connection)
                // Not in the way of whoever has a part in hand.
                if !isQuiet { Thread.sleep(forTimeInterval: 0.002) }
            }
        }
        if let failure = failures.first { throw Unworkable(description: failure) }
    }

    struct Unworkable: Error, CustomStringConvertible { let description: String }

    /// Whether nothing is on its way that can go on.
    private static func isQuiet(_ connection: Connection) throws -> Bool {
        try connection.execute(
            """
            SELECT NOT EXISTS (SELECT FROM rollcall.jobs
                               WHERE state IN ('running', 'waiting') AND waits_for IS NULL)
            """
        ).bool(0, 0)
    }

    func backfillEnding(_ message: Message) throws -> BackfillEnding {
        let id = message.job.map { "\($0.id)" } ?? ""
        let job = try connection.execute(
            """
            SELECT state, skipped, created, updated, removed, coalesce(parts, 0), error_code,
              error_message
            FROM rollcall.jobs WHERE id = '\(id)'
            """)
        return BackfillEnding(
            state: job.string(0, 0), isSkipped: job.bool(0, 1), created: job.int(0, 2),
            updated: job.int(0, 3), removed: job.int(0, 4), parts: job.int(0, 5),
            error: job.optionalString(0, 6), message: job.optionalString(0, 7))
    }

    /// What kept parts from going on, such as a deadlock.
    func troubles() throws -> [String] {
        try rows(
            """
            SELECT step, number, state, attempts, error_code, error_message FROM rollcall.job_parts
            WHERE error_code IS NOT NULL
            """)
    }

    /// Other definitions than the bundled ones, over the same tables.
    struct Definitions {
        let backfills: BackfillExecutor
        let batches: BatchExecutor
    }

    func definitions(_ text: String) throws -> Definitions {
        let compiled = try Self.compile(text, on: connection)
        let backfills = Self.backfills(compiled.backfills)
        return Definitions(
            backfills: backfills, batches: Self.batches(compiled.plans, backfills))
    }
}
