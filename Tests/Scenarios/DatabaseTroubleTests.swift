import Foundation
import Postgres
import ProofKit
import Sandbox
import Testing

/// Connections that are cut, refused or locked out: waited for, and no job's failure.
@Suite struct DatabaseTroubleTests {
    private static func stream(_ messages: Int = 200) -> JobStream {
        StreamGenerator.stream(seed: scenarioSeed(), .init(messages: messages))
    }

    @Test(
        "failure 5: connection lost during COMMIT, the receipts tell whether it was done",
        arguments: [Proxy.Cut.afterCommit, .beforeCommit])
    func lostDuringCommit(cut: Proxy.Cut) throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let proxy = try Proxy(to: rig.server.port)
        try rig.start(
            "worker", environment: ["ROLLCALL_DATABASE_URL": rig.conninfo(through: proxy)])
        // Now that it has checked its tables, it commits nothing but batches.
        try rig.waitForPartitions("worker")
        proxy.cut(cut, cut, cut, cut, cut)
        try trial.send()
        for finding in try trial.finish() { Issue.record("\(finding)") }
        #expect(proxy.cutsMade == 5)
    }

    @Test("failure 5: a COMMIT that hangs until its session is ended is decided by the receipts")
    func hangingCommit() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let proxy = try Proxy(to: rig.server.port)
        try rig.start(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_URL": rig.conninfo(through: proxy),
                "ROLLCALL_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1s",
            ])
        try rig.waitForPartitions("worker")
        proxy.cut(.stall)
        try trial.send()
        try rig.wait("a COMMIT hangs") { proxy.cutsMade == 1 }
        // The server ends a transaction that stands idle, and the COMMIT comes too late.
        try rig.wait("its session is gone") {
            try trial.connection.execute(
                """
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'idle in transaction'
                """
            ).count == 0
        }
        proxy.resume()
        for finding in try trial.finish() { Issue.record("\(finding)") }
    }

    @Test("failure 12: sessions ended again and again are no job's failure")
    func endedSessions() throws {
        let trial = try Trial(Self.stream(400), on: try Rig())
        let rig = trial.rig
        try rig.start("worker")
        for number in 1...8 {
            try trial.send(50)
            try trial.waitUntilDone(trial.stream.messages.count / 10 * number)
            try rig.endSessions(on: trial.connection)
        }
        for finding in try trial.finish() { Issue.record("\(finding)") }
        #expect(try attempts(trial) == 0)
    }

    @Test("failure 12: a server that takes no connections is waited for, and nothing fails")
    func refusedConnections() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let proxy = try Proxy(to: rig.server.port)
        try rig.start(
            "worker", environment: ["ROLLCALL_DATABASE_URL": rig.conninfo(through: proxy)])
        try trial.send(100)
        try trial.waitUntilDone(30)
        proxy.refuse(true)
        try trial.send()
        try rig.wait("the worker says so") {
            rig.logText("worker").contains("database does not answer")
        }
        #expect(try trial.prematureCommits() == [])
        proxy.refuse(false)
        for finding in try trial.finish() { Issue.record("\(finding)") }
        #expect(try attempts(trial) == 0)
    }

    @Test("failure 12: too many connections, a database that is read-only: waited for")
    func exhaustedAndReadOnly() throws {
        let trial = try Trial(Self.stream(), on: try Rig(hasOwnServer: true))
        let rig = trial.rig
        try trial.connection.script(
            """
            CREATE ROLE keen LOGIN;
            GRANT pg_read_all_data, pg_write_all_data TO keen;
            """)
        try rig.start(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_URL": rig.conninfo.replacing("user=postgres", with: "user=keen")
            ])
        try trial.send(60)
        try trial.waitUntilDone(20)
        // 25006: every new session's transactions are read-only.
        try trial.connection.script("ALTER ROLE keen SET default_transaction_read_only = on")
        try rig.endSessions(on: trial.connection)
        try trial.send(60)
        try waitForServer("cannot execute INSERT in a read-only transaction", of: rig)
        #expect(try trial.prematureCommits() == [])
        // 53300: no new session.
        try trial.connection.script(
            "ALTER ROLE keen RESET default_transaction_read_only; ALTER ROLE keen CONNECTION LIMIT 0"
        )
        try rig.endSessions(on: trial.connection)
        try trial.send()
        try waitForServer("too many connections for role", of: rig)
        #expect(try trial.prematureCommits() == [])
        try trial.connection.script("ALTER ROLE keen CONNECTION LIMIT -1")
        for finding in try trial.finish() { Issue.record("\(finding)") }
        #expect(try attempts(trial) == 0)
    }

    /// Waits until the server has said something in its log.
    private func waitForServer(_ words: String, of rig: Rig) throws {
        try rig.wait("the server says: \(words)") {
            try String(contentsOfFile: "\(rig.server.directory)/log", encoding: .utf8)
                .contains(words)
        }
    }

    @Test("failure 11: a session that locks in the other order costs a retry and no attempt")
    func deadlock() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        try rig.start("worker", environment: ["ROLLCALL_DATABASE_LOCK_TIMEOUT": "20s"])
        try rig.waitForPartitions("worker")
        let other = try rig.connect()
        for _ in 1...2 {
            // It has the table that jobs write, and then wants the one that the worker has read.
            try other.script("BEGIN; LOCK TABLE proof.seat IN SHARE MODE")
            try trial.send(60)
            try trial.waitForLock()
            // The worker's sessions look for a deadlock first, so one of them is chosen.
            try other.script(
                "SET LOCAL deadlock_timeout = '20s'; LOCK TABLE rollcall.job; ROLLBACK")
        }
        for finding in try trial.finish() { Issue.record("\(finding)") }
        #expect(try attempts(trial) == 0)
        #expect(rig.logText("worker").contains("40P01"), "\(rig.logText("worker"))")
    }

    /// The jobs that were tried more than once for their own sake.
    private func attempts(_ trial: Trial) throws -> Int {
        try trial.connection.execute("SELECT FROM rollcall.job WHERE attempts > 1").count
    }
}
