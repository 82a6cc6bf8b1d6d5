import Foundation
import Kafka
import Postgres
import ProofKit
import Sandbox
import Testing

@testable import rollcall

/// What a worker counts, against what its jobs' rows say.
@Suite struct MetricsTests {
    /// A scrape: the value of each series by its name and labels.
    private struct Scrape {
        let text: String
        let series: [String: Double]

        init(_ text: String) {
            self.text = text
            series = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.reduce(into: [:]) {
                guard let space = $1.lastIndex(of: " ") else { return }
                $0[String($1[..<space])] = Double($1[$1.index(after: space)...])
            }
        }

        func sum(_ name: String) -> Double {
            series.filter { $0.key.hasPrefix(name + "{") }.values.reduce(0, +)
        }

        func labels(_ name: String) -> [String: Double] { series.filter { $0.key.hasPrefix(name) } }
    }

    /// The program of Debian's package prometheus, from the path or from where `Deploy/test` puts it.
    private static func promtool() -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let places = path.split(separator: ":").map(String.init) + ["\(Stage.root)/.build/tools"]
        return places.map { "\($0)/promtool" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func scrape(_ visitor: Visitor) throws -> Scrape {
        let answer = try visitor.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
        return Scrape(answer.body)
    }

    private func check(_ scrape: Scrape, _ stage: Stage) throws {
        let promtool = try #require(
            Self.promtool(),
            "expected promtool in the path or in .build/tools, got none: Deploy/test")
        let output = "\(stage.directory)/promtool"
        let child = try ChildProcess(
            promtool, ["check", "metrics"], standardInput: .pipe, standardOutput: .file(output),
            standardError: .file(output))
        try child.standardInput?.write(scrape.text)
        child.standardInput?.close()
        #expect(child.wait(timeout: .seconds(30)) == .exited(0))
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "")
    }

    /// Series of the scrape that a query names, each a row of its text and its value.
    private func expect(
        _ scrape: Scrape, _ name: String, agreesWith query: String, on connection: Connection
    ) throws {
        let rows = try connection.execute(query)
        var counted = scrape.labels(name + "{").filter { $0.value != 0 }
        #expect(rows.count > 0)
        for row in 0..<rows.count {
            let series = "\(name){\(rows.string(row, 0))}"
            #expect(counted.removeValue(forKey: series) == Double(rows.string(row, 1)), "\(series)")
        }
        #expect(counted.isEmpty, "no row says so")
    }

    @Test(
        "what is counted of jobs of all kinds is what their rows say, and promtool finds no fault")
    func agreement() throws {
        let stage = try Stage()
        let connection = try stage.connect()
        try stage.broker.createTopic(Settings.Topics().deadLetters, partitions: 1)
        let worker = try stage.startWorker("worker")
        try stage.wait("the endpoint listens") { Visitor(log: stage.logText("worker")) != nil }
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        try stage.wait("it has partitions") {
            try scrape(visitor).series[
                "rollcall_assigned_partitions{topic=\"rollcall.assignments\"}"] == 4
        }
        let empty = try scrape(visitor)
        try check(empty, stage)
        #expect(empty.sum("rollcall_jobs_total") == 0)
        #expect(empty.labels("rollcall_ready{").count == 4)
        #expect(empty.labels("rollcall_ready{").values.allSatisfy { $0 == 1 })
        #expect(
            empty.series[
                "rollcall_items_rejected_total{kind=\"assign\",code=\"course-closed\"}"] == 0)

        let traffic = DemoTraffic(
            count: 600, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.produce(traffic.messages)
        // Before the import, which makes users known that the traffic counts on nobody knowing.
        try stage.waitUntilDone(traffic, on: connection)
        let people = "\(stage.directory)/people.csv"
        try "username,name,role\nada,Ada,teacher\nmallory,M,king\nada,again,\n"
            .write(toFile: people, atomically: true, encoding: .utf8)
        let imported = try stage.run([
            "enqueue", "roster-import", "--roster", "course-roster", "--target", "42", "--wait",
            people,
        ])
        #expect(imported.status == .exited(6), "\(imported.errors)")
        let backfill = ["enqueue", "backfill", "--backfill", "everybody", "--wait", "--scope"]
        #expect(try stage.run(backfill + ["course_id=1"]).status == .exited(0))
        #expect(try stage.run(backfill + ["course_id=many"]).status == .exited(5))
        try stage.wait("all is committed") { try stage.lag() == 0 }

        var last = try scrape(visitor)
        try stage.wait("the scrape knows of the lag") {
            last = try scrape(visitor)
            return last.labels("rollcall_consumer_lag{").count == 12
                && last.sum("rollcall_consumer_lag") == 0
        }
        try check(last, stage)
        try expect(
            last, "rollcall_jobs_total",
            agreesWith: """
                SELECT format('kind="%s",relation="%s",outcome="%s"', kind, relation, state), count(*)
                FROM rollcall.jobs GROUP BY kind, relation, state
                UNION ALL SELECT
                  format('kind="%s",relation="%s",outcome="duplicate"', kind, relation), sum(duplicates)
                FROM rollcall.jobs GROUP BY kind, relation HAVING sum(duplicates) > 0
                """, on: connection)
        try expect(
            last, "rollcall_items_total",
            agreesWith: """
                SELECT format('kind="%s",relation="%s",result="%s"', kind, relation, result), sum(count)
                FROM rollcall.jobs, LATERAL (VALUES ('created', created), ('updated', updated),
                  ('unchanged', unchanged), ('removed', removed), ('absent', absent),
                  ('superseded', superseded), ('rejected', rejected)) AS r (result, count)
                GROUP BY kind, relation, result HAVING sum(count) > 0
                """, on: connection)
        try expect(
            last, "rollcall_items_rejected_total",
            agreesWith: """
                SELECT format('kind="%s",code="%s"', kind, code), count(*)
                FROM rollcall.rejections r JOIN rollcall.jobs j ON j.id = r.job_id
                GROUP BY kind, code
                """, on: connection)
        try expect(
            last, "rollcall_dead_letters_total",
            agreesWith: """
                SELECT format('topic="%s",reason="%s"', topic, code), count(*)
                FROM rollcall.dead_letters GROUP BY topic, code
                """, on: connection)
        try expect(
            last, "rollcall_job_wait_seconds_count",
            agreesWith: """
                SELECT format('kind="%s"', kind), count(*) FROM rollcall.jobs GROUP BY kind
                """, on: connection)
        #expect(
            last.series["rollcall_messages_consumed_total{topic=\"rollcall.assignments\"}"]
                == Double(traffic.messages.count))
        #expect(
            last.sum("rollcall_message_decode_failures_total") == Double(traffic.badMessages))
        #expect(last.labels("rollcall_last_commit_timestamp_seconds{").count > 4)
        let committed = try #require(
            last.labels("rollcall_last_commit_timestamp_seconds{").values.max())
        #expect(abs(committed - Date().timeIntervalSince1970) < 60)
        // No series came that was not there at the beginning, but of partitions' commits.
        let new = Set(last.series.keys).subtracting(empty.series.keys)
            .filter { !$0.contains("partition=") }
        #expect(new == [])
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    @Test("a lag that grows behind a lock is shown, in messages and in seconds, and its retries")
    func lag() throws {
        let stage = try Stage(partitions: 1)
        let other = try stage.connect()
        let worker = try stage.startWorker(
            "worker",
            environment: [
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "50ms", "ROLLCALL_KAFKA_COMMIT_INTERVAL": "50ms",
            ])
        try stage.wait("the endpoint listens") { Visitor(log: stage.logText("worker")) != nil }
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        try stage.wait("it has checked its tables") {
            try scrape(visitor).sum("rollcall_assigned_partitions") == 3
        }
        try other.script("BEGIN; LOCK TABLE school.enrollment")
        let traffic = DemoTraffic(
            count: 50, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.produce(traffic.messages)
        let partition = "{topic=\"rollcall.assignments\",partition=\"0\"}"
        let retries = "rollcall_transaction_retries_total{sqlstate_class=\"55\"}"
        try stage.wait("the lag is shown") {
            let scrape = try scrape(visitor)
            return scrape.series["rollcall_consumer_lag\(partition)"] ?? 0 > 0
                && scrape.series["rollcall_consumer_lag_seconds\(partition)"] ?? 0 > 1
                && scrape.series[retries] ?? 0 > 0
                && scrape.series["rollcall_trouble_seconds"] ?? 0 > 0
                && scrape.series["rollcall_messages_in_flight"] ?? 0 > 0
        }
        try other.script("ROLLBACK")
        try stage.wait("the lag is gone") {
            let scrape = try scrape(visitor)
            return scrape.series["rollcall_consumer_lag\(partition)"] == 0
                && scrape.series["rollcall_consumer_lag_seconds\(partition)"] == 0
                && scrape.series["rollcall_messages_in_flight"] == 0
                && scrape.series["rollcall_trouble_seconds"] == 0
        }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }
}
