import Foundation
import Postgres
import ProofKit
import Sandbox
import Store
import Testing

@testable import rollcall

/// What stands in `Deploy/`, where it speaks of the program: `Deploy/check` looks at the rest.
@Suite struct DeployTests {
    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Stage.root)/Deploy/\(path)", encoding: .utf8)
    }

    @Test("the tables of the compose file fit its catalog")
    func compose() throws {
        let stage = try Stage(isMigrated: false)
        try stage.connect().script(Self.text("compose/school.sql"))
        let catalog = "\(Stage.root)/Config/catalogs/school.yaml"
        let check = try stage.run(["catalog", "check"], environment: ["ROLLCALL_CATALOG": catalog])
        #expect(check.status == .exited(0), "\(check.output) \(check.errors)")
    }

    @Test("settings and catalog for Kubernetes are faultless, and a worker takes them")
    func kubernetes() throws {
        let stage = try Stage()
        let folder = "\(Stage.root)/Deploy/kubernetes/base"
        let environment = [
            "ROLLCALL_CONFIG": "\(folder)/rollcall.yaml",
            "ROLLCALL_CATALOG": "\(folder)/catalog.yaml",
            // As the file says.
            "ROLLCALL_LOG_FORMAT": "",
        ]
        let settings = try stage.run(["config", "check"], environment: environment)
        #expect(settings.status == .exited(0), "\(settings.errors)")
        #expect(settings.output.contains("log.format\tjson\t\(folder)/rollcall.yaml:"))
        let catalog = try stage.run(["catalog", "check"], environment: environment)
        #expect(catalog.status == .exited(0), "\(catalog.output)")
    }

    @Test("KEDA's query finds the items that are pending")
    func pendingItems() throws {
        let stage = try Stage()
        let lines = try Self.text("kubernetes/autoscaling/scaled-object.yaml")
            .split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.hasSuffix("query: >-") })
        let query = lines[(start + 1)...].prefix { $0.hasPrefix("          ") }
            .joined(separator: " ")
        let connection = try stage.connect()
        #expect(try connection.execute(query).int(0, 0) == 0)
        try connection.script(
            """
            INSERT INTO rollcall.job_part (job_id, step, number, items, state)
            SELECT '00000000-0000-4000-8000-000000000001', 1, n, n * 10, s
            FROM unnest('{pending,running,done,failed}'::text[]) WITH ORDINALITY AS p (s, n)
            """)
        #expect(try connection.execute(query).int(0, 0) == 30)
    }

    @Test(
        "dashboard and alerts name what a worker exposes, and no other metric",
        arguments: [
            ("grafana/rollcall.json", 40), ("prometheus/rollcall.rules.yaml", 10),
        ])
    func metrics(file: String, count: Int) throws {
        let stage = try Stage()
        let worker = try stage.startWorker("worker")
        try stage.wait("the endpoint listens") { Visitor(log: stage.logText("worker")) != nil }
        let visitor = try #require(Visitor(log: stage.logText("worker")))
        // Of partitions there are metrics when their first commit is made.
        let traffic = DemoTraffic(
            count: 50, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.produce(traffic.messages)
        var series: [Series] = []
        try stage.wait("all metrics are there") {
            series = try Series.all(in: visitor.get("/metrics").body)
            return series.contains { $0.name == "rollcall_last_commit_timestamp_seconds" }
                && series.contains { $0.name == "rollcall_consumer_lag" }
        }
        let labels = series.reduce(into: [String: Set<String>]()) {
            $0[$1.name, default: []].formUnion($1.labels)
        }
        // What Prometheus itself knows of a series.
        let outer: Set = ["job", "instance"]
        let selectors = try Selector.all(in: Self.text(file))
        #expect(selectors.count >= count)
        for selector in selectors {
            let known = labels[selector.name]
            #expect(known != nil, "\(selector.name)")
            let unknown = selector.labels.subtracting(known ?? []).subtracting(outer)
            #expect(unknown == [], "\(selector.name) has no such labels")
        }
        worker.terminate()
        #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
    }

    /// A line of a scrape.
    private struct Series {
        let name: String
        let labels: Set<String>

        static func all(in scrape: String) -> [Series] {
            scrape.split(separator: "\n").compactMap { line in
                line.firstMatch(of: /^([a-z_:]+)(?:\{(.*)\})?\s/).map {
                    Series(name: String($0.1), labels: names(in: String($0.2 ?? "")))
                }
            }
        }

        static func names(in labels: String) -> Set<String> {
            Set(labels.matches(of: /([a-z_]+)(?:=~|=|!=)\\?"/).map { String($0.1) })
        }
    }

    /// A metric with labels, as an expression names it.
    private struct Selector {
        let name: String
        let labels: Set<String>

        static func all(in text: String) -> [Selector] {
            text.matches(of: /\b((?:rollcall|process)_[a-z_]+)(?:\{(.*?)\})?/).compactMap { match in
                // `by (job, instance)` and the like name labels; every metric has one of the prefixes.
                Selector(name: String(match.1), labels: Series.names(in: String(match.2 ?? "")))
            }
        }
    }
}
