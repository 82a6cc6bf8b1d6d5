import Glibc
import Jobs
import Kafka
import Postgres
import RollcallClient
import Sandbox
import Testing

@testable import rollcall

@Suite(.onThreadOfItsOwn) struct EnqueueWaitTests {
    private let bench: EnqueueStatusBench
    private let reader: JobStatusReader

    init() throws {
        bench = try EnqueueStatusBench()
        reader = try bench.reader()
    }

    private func job(_ offset: Int, id: JobID? = .now(), partition: Int32 = 0) -> SentJob {
        SentJob(id: id, topic: "t", partition: partition, offset: Int64(offset))
    }

    /// The state or the code of each that has ended.
    private func ends(_ jobs: [SentJob], since: Timestamp? = nil) throws -> [Int: String] {
        try reader.ends(of: jobs[...], since: since).mapValues { end in
            switch end {
            case .ended(let status): status.state.rawValue
            case .deadLetter(let reason): reason.code
            }
        }
    }

    @Test("a job has ended when its row is terminal, and what became of it is told")
    func states() throws {
        let states = JobStatus.State.allCases
        let jobs = states.indices.map { job($0) } + [job(99)]
        for (job, state) in zip(jobs, states) {
            try bench.end(job, state.rawValue, error: state == .failed ? "boom" : nil)
        }
        #expect(
            try ends(jobs) == [
                2: "succeeded", 3: "succeeded_with_rejections", 4: "failed", 5: "cancelled",
            ])
        let failed = try #require(jobs[4].id)
        let status = try #require(try reader.status(of: failed))
        #expect(status.error == Rejection(code: "boom", message: "because"))
        #expect(status.items == 1)
        #expect(status.counts.rejected == 1)
        #expect(status.state.isTerminal)
        #expect(try reader.status(of: .now()) == nil)
        #expect(try reader.statuses(of: jobs.compactMap(\.id)).count == states.count)
        #expect(try reader.statuses(of: []).isEmpty)
    }

    @Test("a message without a job, and a job that was refused, end as dead letters")
    func deadLetters() throws {
        let jobs = [job(0, id: nil), job(1), job(2, id: nil), job(1, partition: 1)]
        try bench.bury(jobs[0], "not-json")
        try bench.bury(jobs[1], "unknown-relation")
        #expect(try ends(jobs) == [0: "not-json", 1: "unknown-relation"])
    }

    @Test("of a job in parts any part ends with the job, or as a dead letter before")
    func parts() throws {
        var (waiting, ended, letter) = (job(5), job(6), job(7))
        for sent in [waiting, ended, letter] {
            // The row has the place of another part.
            try bench.end(
                job(Int(sent.offset) + 10, id: sent.id), sent == ended ? "succeeded" : "waiting")
        }
        try bench.bury(letter, "invalid-data")
        #expect(try ends([waiting, ended]).isEmpty)
        (waiting.isPart, ended.isPart, letter.isPart) = (true, true, true)
        #expect(try ends([waiting, ended, letter]) == [1: "succeeded", 2: "invalid-data"])
    }

    @Test("a dead letter of an earlier topic of the same name does not count")
    func earlierTopic() throws {
        let since = try reader.serverTime()
        let sent = job(0)
        try bench.bury(sent, "not-json", at: "now() - interval '1 hour'")
        #expect(try ends([sent], since: since).isEmpty)
        try bench.bury(sent, "unknown-type")
        #expect(try ends([sent], since: since) == [0: "unknown-type"])
    }

    @Test("a known id has ended only when this delivery is settled: repeated, or refused")
    func duplicates() throws {
        let first = job(0)
        try bench.end(first)
        let again = job(1, id: first.id)
        #expect(try ends([first, again]) == [0: "succeeded"])
        try bench.repeated(again)
        let conflicting = job(2, id: first.id)
        #expect(try ends([first, again, conflicting]) == [0: "succeeded", 1: "succeeded"])
        try bench.bury(conflicting, "conflicting-duplicate")
        #expect(
            try ends([first, again, conflicting]) == [
                0: "succeeded", 1: "succeeded", 2: "conflicting-duplicate",
            ])
        // Where the broker told no place, the row is all there is.
        #expect(try ends([job(-1, id: first.id)]) == [0: "succeeded"])
    }

    @Test("all jobs are told once, in several rounds and chunks")
    func watch() throws {
        let jobs = (0..<12_000).map { job($0) }
        var watch = JobWatch(jobs)
        var told: [Int64] = []
        for job in jobs[..<10] { try bench.end(job) }
        try watch.poll(reader) { job, _ in told.append(job.offset) }
        #expect(told == Array(0..<10))
        #expect(watch.pending == 11_990)
        try watch.poll(reader) { job, _ in told.append(job.offset) }
        #expect(told.count == 10)
        for job in jobs[10...] { try bench.bury(job, "not-json") }
        let result = try watch.wait(with: reader, until: .now + .seconds(60)) { job, _ in
            told.append(job.offset)
        }
        #expect(result == .ended)
        #expect(watch.pending == 0)
        #expect(told.sorted() == (0..<12_000).map { Int64($0) })
    }

    @Test("the pauses grow to a second, the last one ends with the time")
    func pauses() throws {
        var watch = JobWatch([job(0)])
        var pauses: [Duration] = []
        let result = try watch.wait(
            with: reader, until: .now + .seconds(600),
            pause: { duration in
                pauses.append(duration)
                return pauses.count < 20
            }, onEnd: { _, _ in })
        #expect(result == .interrupted)
        #expect(pauses.first == .milliseconds(20))
        #expect(pauses.last == .seconds(1))
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(
            try watch.wait(with: reader, until: .now, onEnd: { _, _ in }) == .timedOut)
        #expect(watch.pending == 1)
    }

    @Test("a connection that is cut is made anew")
    func cut() throws {
        let sent = job(0)
        var watch = JobWatch([sent])
        var rounds = 0
        var failure: (any Error)?
        let result = try watch.wait(
            with: reader, until: .now + .seconds(60),
            pause: { _ in
                rounds += 1
                do {
                    if rounds == 1 { try bench.cut() } else { try bench.end(sent) }
                } catch {
                    failure = error
                }
                return rounds < 10
            }, onEnd: { _, _ in })
        #expect(failure == nil)
        #expect(result == .ended)
    }
}

@Suite(.onThreadOfItsOwn) struct EnqueueWaitProcessTests {
    private let status: EnqueueStatusBench
    private let bench: EnqueueBench

    init() throws {
        status = try EnqueueStatusBench()
        bench = try EnqueueBench()
    }

    /// Starts a command, lets `worker` settle the records, and waits for the command's end.
    private func run(
        _ arguments: [String], records count: Int, worker: ([SentJob]) throws -> Void
    ) throws -> EnqueueBench.Answer {
        let child = try bench.start(
            arguments, environment: ["ROLLCALL_DATABASE_URL": status.database.conninfo])
        let sent = try bench.records(count).map { record in
            SentJob(
                id: try? record.job.id, topic: record.topic, partition: record.partition,
                offset: record.offset)
        }
        try worker(sent)
        return try bench.answer(of: child)
    }

    private let assign = [
        "assign", "--relation", "r", "--target", "1", "--members", "1", "--wait", "--timeout", "1m",
    ]

    @Test(
        "the end of the job decides the exit code",
        arguments: [
            ("succeeded", [], 0), ("succeeded_with_rejections", [], 6),
            ("succeeded_with_rejections", ["--allow-rejections"], 0), ("failed", [], 5),
            ("cancelled", [], 7),
        ])
    func exitCodes(state: String, options: [String], code: Int32) throws {
        let answer = try run(assign + options, records: 1) { sent in
            try status.end(sent[0], state, error: state == "failed" ? "boom" : nil)
        }
        #expect(answer.status == .exited(code), "\(answer.errors)")
        #expect(answer.errors.contains("1 job ended in "))
        #expect(JobID(String(answer.output.dropLast())) != nil)
        if state == "failed" { #expect(answer.errors.contains(": failed: boom: because\n")) }
    }

    @Test("a dead letter is told with its line, long before the time is up")
    func deadLetter() throws {
        let good =
            #"{"type":"rollcall.assign","data":{"relation":"r","target":1,"members":[1]}}"#
        let path = try bench.file("jobs.jsonl", "\(good)\n\n\(good)\n")
        let answer = try run([path, "--wait"], records: 2) { sent in
            for job in sent {
                // One key, one partition: the offsets are the order of the lines.
                if job.offset == 0 {
                    try status.end(job)
                } else {
                    try status.bury(job, "too-large")
                }
            }
        }
        #expect(answer.status == .exited(5), "\(answer.errors)")
        #expect(
            answer.errors.contains(
                try Regex(
                    "rollcall: .*jobs\\.jsonl:3: [0-9a-f-]{36}: dead letter: too-large: the reason")
            ))
        #expect(answer.errors.contains("2 jobs ended in "))
        #expect(answer.errors.contains("1 succeeded · 1 dead letter; items: created 1 · "))
    }

    @Test("the time that runs out exits with 124, an interruption with 130")
    func pending() throws {
        var answer = try run(
            Array(assign.dropLast()) + ["200ms"], records: 1, worker: { _ in })
        #expect(answer.status == .exited(124))
        #expect(answer.errors.contains("--timeout ran out: 1 of 1 job not ended"))
        let child = try bench.start(
            assign, environment: ["ROLLCALL_DATABASE_URL": status.database.conninfo])
        // The id is told before the wait begins.
        let id = try child.standardOutput?.readLine(timeout: .seconds(60))
        #expect(id.flatMap { JobID($0) } != nil)
        #expect(child.terminate(SIGINT))
        answer = try bench.answer(of: child)
        #expect(answer.status == .exited(130))
        #expect(answer.errors.contains("interrupted: 1 of 1 job not ended"))
    }

    @Test("a database without the status schema is refused before anything is sent")
    func noSchema() throws {
        let empty = try SharedPostgres.database()
        let child = try bench.start(
            assign, environment: ["ROLLCALL_DATABASE_URL": empty.conninfo])
        let answer = try bench.answer(of: child)
        #expect(answer.status == .exited(75))
        #expect(answer.output.isEmpty)
    }
}
