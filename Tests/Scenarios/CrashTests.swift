import Foundation
import Kafka
import Postgres
import ProofKit
import Sandbox
import Testing

/// Workers that die or stand still at the worst places: the end state and every count are as if
/// they had not.
@Suite struct CrashTests {
    private static func stream(
        _ mix: StreamGenerator.Mix = .init(messages: 150)
    ) -> JobStream {
        StreamGenerator.stream(seed: scenarioSeed(), mix)
    }

    @Test(
        "failures 3 and 4: a crash at a COMMIT leaves nothing half-written and nothing twice",
        arguments: [
            ("before-commit", 1), ("before-commit", 5), ("after-commit", 1), ("after-commit", 5),
        ])
    func crash(place: String, number: Int) throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        try trial.send()
        let worker = try rig.start(
            "first", environment: ["ROLLCALL_FAIL_POINT": "\(place):\(number):kill"])
        #expect(worker.wait(timeout: .seconds(60)) == .signaled(SIGKILL))
        rig.kill("first")
        let done = try Rig.accounted(on: trial.connection)
        // The transaction at which it died is there whole, or not at all.
        #expect(place == "after-commit" ? done > 0 : number > 1 || done == 0)
        #expect(try trial.prematureCommits() == [])
        try rig.start("second")
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 2: a zombie wakes up with an open transaction and changes nothing")
    func zombieBeforeCommit() throws {
        let trial = try Trial(Self.stream(.contrary(messages: 150)), on: try Rig())
        let rig = trial.rig
        try trial.send()
        // One lane, so that the one transaction that stays open holds up nobody in its process.
        let zombie = try rig.start(
            "zombie",
            environment: ["ROLLCALL_FAIL_POINT": "before-commit:4:stop", "ROLLCALL_LANES": "1"])
        try rig.wait("the zombie stands still") { Rig.isStopped(zombie) }
        let open = try trial.connection.execute(
            "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' "
                + "AND datname = current_database()")
        // The one that publishes dead letters may stand still in a transaction, too.
        #expect(open.count >= 1, "it was to stand still with an open transaction")
        try rig.start("heir", environment: ["ROLLCALL_DATABASE_LOCK_TIMEOUT": "200ms"])
        try rig.waitForPartitions("heir")
        try trial.waitForLock()
        zombie.terminate(SIGCONT)
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 2: a zombie that wakes up after its work was done by another changes nothing")
    func zombieBeforeWork() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        try trial.send()
        let hold = "\(rig.directory)/hold"
        _ = FileManager.default.createFile(atPath: hold, contents: nil)
        // It holds after a commit that it has told nobody of, with more in its memory.
        let zombie = try rig.start(
            "zombie",
            environment: [
                "ROLLCALL_FAIL_POINT": "after-commit:3:hold=\(hold)", "ROLLCALL_LANES": "1",
            ])
        try rig.wait("the zombie holds") {
            FileManager.default.fileExists(atPath: hold + ".reached")
        }
        zombie.terminate(SIGSTOP)
        try rig.start("heir")
        try rig.waitForPartitions("heir")
        try trial.waitUntilDone()
        let done = try trial.audit()
        #expect(done == [])
        try FileManager.default.removeItem(atPath: hold)
        zombie.terminate(SIGCONT)
        // It has left its group for dead: once it is in it again, it has nothing in its hands.
        try rig.waitForPartitions("zombie", 3)
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 21: workers stopped or killed at random moments lose nothing")
    func randomEnds() throws {
        let rounds =
            ProcessInfo.processInfo.environment["ROLLCALL_ENDS"].flatMap { Int($0) } ?? 6
        var random = SeededGenerator(seed: scenarioSeed())
        let stream = StreamGenerator.stream(
            seed: random.next(), .init(messages: 120 * (rounds + 1)))
        let trial = try Trial(stream, on: try Rig())
        let rig = trial.rig
        for round in 0..<rounds {
            try trial.send(120)
            let name = "worker-\(round)"
            // Whoever is killed so often has nobody to blame among its jobs.
            let worker = try rig.start(
                name, environment: ["ROLLCALL_RETRY_ATTEMPTS": "100"])
            try rig.wait("\(name) works") {
                rig.logText(name).contains("partitions assigned")
            }
            usleep(UInt32.random(in: 0..<300_000, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: rig.kill(name)
            case 1:
                worker.terminate()
                usleep(UInt32.random(in: 0..<20_000, using: &random))
                rig.kill(name)
            default: #expect(try rig.stop(name) == nil)
            }
            #expect(try trial.prematureCommits() == [], "\(rig.logText(name))")
        }
        try trial.send()
        try rig.start("last")
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 21: the grace period bounds the end of a worker whose batch hangs")
    func graceIsOver() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let worker = try rig.start(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "29s", "ROLLCALL_SHUTDOWN_GRACE": "300ms",
            ])
        try rig.waitForPartitions("worker")
        let blocker = try rig.connect()
        try blocker.script("BEGIN; LOCK TABLE proof.badge")
        try trial.send()
        try trial.waitForLock()
        let begun = ContinuousClock.now
        #expect(try rig.stop("worker") == nil)
        #expect(ContinuousClock.now - begun < .seconds(15))
        #expect(worker.poll() == .exited(0))
        try blocker.script("ROLLBACK")
        #expect(try trial.prematureCommits() == [])
        try rig.start("next")
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 21: the grace period is kept when neither database nor broker answers any more")
    func graceInSilence() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let proxy = try Proxy(to: rig.server.port)
        let grace = 6
        let worker = try rig.start(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_URL": rig.conninfo(through: proxy),
                "ROLLCALL_SHUTDOWN_GRACE": "\(grace)s",
            ])
        try rig.waitForPartitions("worker")
        try trial.send(100)
        try trial.waitUntilDone(20)
        proxy.silence(true)
        try rig.broker.setRoundTrip(milliseconds: 120_000)
        let begun = ContinuousClock.now
        #expect(try rig.stop("worker") == nil)
        // Steps that each wait for themselves take three times the period. A busy machine needs some
        // seconds to end a process.
        #expect(ContinuousClock.now - begun < .seconds(2 * grace))
        #expect(worker.poll() == .exited(0))
        proxy.silence(false)
        try rig.broker.setRoundTrip(milliseconds: 0)
        #expect(try trial.prematureCommits() == [])
        try rig.start("next")
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }
}
