import ArgumentParser
import Foundation
import Testing

@testable import rollcall

@Suite("Reading the settings")
struct SettingsReaderTests {
    @Test("Without any source every setting is its default")
    func defaults() throws {
        let loaded = try SettingsReader.read(environment: [:])
        #expect(loaded.settings == Settings())
        #expect(loaded.sources.isEmpty)
    }

    @Test("A flag wins over the environment, that over the file, that over the default")
    func precedence() throws {
        let file = try TemporaryFile("lanes: 5\nkafka: {group: filed}\nbatch: {items: 7}\n")
        var options = try CommonOptions.parse(["--config", file.path, "--lanes", "9"])
        let environment = ["ROLLCALL_LANES": "7", "ROLLCALL_KAFKA_GROUP": "environs"]
        var loaded = try options.load(environment: environment)
        #expect(loaded.settings.lanes == 9)
        #expect(loaded.source(of: "lanes") == .flag("--lanes"))
        #expect(loaded.settings.kafka.group == "environs")
        #expect(loaded.source(of: "kafka.group") == .environment("ROLLCALL_KAFKA_GROUP"))
        #expect(loaded.settings.batch.items == 7)
        #expect(loaded.source(of: "batch.items") == .file(path: file.path, line: 3))
        #expect(loaded.settings.batch.jobs == 500)
        #expect(loaded.source(of: "batch.jobs") == .default)

        options = try CommonOptions.parse([])
        loaded = try options.load(environment: ["ROLLCALL_CONFIG": file.path])
        #expect(loaded.settings.lanes == 5)
    }

    @Test("An empty variable counts as absent")
    func emptyVariable() throws {
        let loaded = try SettingsReader.read(
            environment: ["ROLLCALL_LANES": "", "ROLLCALL_CONFIG": ""])
        #expect(loaded.settings == Settings())
    }

    @Test("Every flag reaches its setting")
    func flags() throws {
        let options = try CommonOptions.parse([
            "--catalog", "a.yaml", "--catalog", "b:c.yaml", "--database", "dbname=x",
            "--brokers", "h1:1,h2:2", "--group", "g", "--lanes", "2",
        ])
        let settings = try options.settings(environment: [:])
        #expect(settings.catalog == ["a.yaml", "b:c.yaml"])
        #expect(settings.database.url == "dbname=x")
        #expect(settings.kafka.brokers == ["h1:1", "h2:2"])
        #expect(settings.kafka.group == "g")
        #expect(settings.lanes == 2)
    }

    @Test("Lists: commas and colons in the environment, YAML lists in the file")
    func lists() throws {
        let environment = [
            "ROLLCALL_CATALOG": "a.yaml:/b.yaml", "ROLLCALL_KAFKA_BROKERS": "h1:1, h2:2",
        ]
        var settings = try SettingsReader.read(environment: environment).settings
        #expect(settings.catalog == ["a.yaml", "/b.yaml"])
        #expect(settings.kafka.brokers == ["h1:1", "h2:2"])

        let file = try TemporaryFile("catalog: [a.yaml, /b.yaml]\nkafka.brokers: [h1:1, h2:2]\n")
        settings = try SettingsReader.read(configFlag: file.path, environment: [:]).settings
        #expect(settings.catalog == [file.folder + "a.yaml", "/b.yaml"])
        #expect(settings.kafka.brokers == ["h1:1", "h2:2"])
    }

    @Test("Properties of the environment add to those of the file")
    func properties() throws {
        let file = try TemporaryFile(
            """
            kafka:
              properties:
                security.protocol: SSL
                socket.timeout.ms: 1000
            """)
        let text = "socket.timeout.ms=2000\nsasl.password=a;b=c"
        let loaded = try SettingsReader.read(
            configFlag: file.path, environment: ["ROLLCALL_KAFKA_PROPERTIES": text])
        #expect(
            loaded.settings.kafka.properties == [
                "security.protocol": "SSL", "socket.timeout.ms": "2000",
                "sasl.password": "a;b=c",
            ])
        #expect(
            loaded.source(of: "kafka.properties.security.protocol")
                == .file(path: file.path, line: 3))
    }

    @Test("All faults of all sources are found at once, in order")
    func allFaults() throws {
        let file = try TemporaryFile(
            """
            kafak: 1
            kafka:
              brokrs: x
              group:
              properties: {group.id: x, enable.auto.commit: true}
            lanes: [1]
            batch: 5
            statement_timeout: 3s
            """)
        let options = try CommonOptions.parse(["--config", file.path, "--lanes", "x"])
        let faults = try #require(throws: SettingsFaults.self) {
            _ = try options.load(environment: ["ROLLCALL_BATCH_WINDOW": "3"])
        }
        let said = faults.faults.map {
            $0.description.replacingOccurrences(of: file.path, with: "F")
        }
        #expect(
            said == [
                "kafak: unknown setting; did you mean kafka? (F:1)",
                "kafka.brokrs: unknown setting; did you mean kafka.brokers? (F:3)",
                "kafka.group: expected a text of 1 to 255 bytes without control characters, "
                    + "got nothing (F:4)",
                "kafka.properties.group.id: expected it to be set by kafka.group, got it here (F:5)",
                "kafka.properties.enable.auto.commit: expected it to be left to Rollcall, "
                    + "got it here (F:5)",
                "lanes: expected a whole number from 1 to 64, got a list (F:6)",
                #"batch: expected a map of settings, got "5" (F:7)"#,
                "statement_timeout: unknown setting; did you mean database.statement_timeout? (F:8)",
                "batch.window: expected a duration from 0s to 1s, such as 3ms, "
                    + "got 3 without a unit (environment ROLLCALL_BATCH_WINDOW)",
                #"lanes: expected a whole number from 1 to 64, got "x" (flag --lanes)"#,
            ])
        #expect(faults.description.hasPrefix("10 faulty settings:\n  kafak: "))
    }

    @Test(
        "A file that is no map of settings, and what is said",
        arguments: [
            ("- lanes\n", "config: expected a map of settings, got a list (F:1)"),
            (
                "lanes: 1\nlanes: 2\n",
                #"config: expected each name once, got "lanes" again in the map (F:1)"#
            ),
            (
                "lanes: 1\n  x: [\n",
                "config: expected YAML, got an error: mapping values are not allowed in this context (F:2)"
            ),
            (
                "kafka.group: a\nkafka: {group: b}\n",
                "kafka.group: expected once, got again after line 1 (F:2)"
            ),
            ("? [a]\n: b\n", "config: expected a name, got a list (F:1)"),
        ])
    func faultyFile(text: String, fault: String) {
        #expect(SettingsFile(path: "F", text: text).faults.map(\.description) == [fault])
    }

    @Test("An empty file and an empty section are no faults", arguments: ["", "# x\n", "kafka:\n"])
    func emptyFile(text: String) {
        let file = SettingsFile(path: "F", text: text)
        #expect(file.faults.isEmpty && file.entries.isEmpty)
    }

    @Test("A missing file is a fault of whoever named it")
    func missingFile() throws {
        let faults = try #require(throws: SettingsFaults.self) {
            _ = try SettingsReader.read(environment: ["ROLLCALL_CONFIG": "/no/such/file"])
        }
        #expect(
            faults.faults.map(\.description) == [
                #"config: expected a readable file, got "/no/such/file": "#
                    + "No such file or directory (environment ROLLCALL_CONFIG)"
            ])
    }

    @Test("Aliases that multiply are not followed")
    func multiplyingAliases() {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        for number in 1...12 {
            let aliases = Array(repeating: "*a\(number - 1)", count: 9).joined(separator: ", ")
            lines.append("a\(number): &a\(number) [\(aliases)]")
        }
        let text = lines.joined(separator: "\n") + "\nkafka: {brokers: *a12}\n"
        let file = SettingsFile(path: "F", text: text)
        #expect(file.faults.count == 13)
        #expect(file.entries.map(\.input) == [.list(Array(repeating: .list([]), count: 9))])
    }

    @Test(
        "Relations between settings, and what is said",
        arguments: [
            (
                "DATABASE_LOCK_TIMEOUT", "30s",
                "database.lock_timeout: expected less than database.statement_timeout "
                    + "(30s, default), got 30s"
            ),
            (
                "RETRY_FIRST_DELAY", "31s",
                "retry.first_delay: expected at most retry.max_delay (30s, default), got 31s"
            ),
            (
                "KAFKA_SESSION_TIMEOUT", "5m",
                "kafka.session_timeout: expected less than kafka.max_poll_interval "
                    + "(5m, default), got 5m"
            ),
            (
                "KAFKA_TOPICS_JOB_EVENTS", "rollcall.dead-letters",
                "kafka.topics.job_events: expected another topic than kafka.topics.dead_letters "
                    + "(rollcall.dead-letters, default), got rollcall.dead-letters"
            ),
        ])
    func relations(name: String, text: String, fault: String) throws {
        let faults = try #require(throws: SettingsFaults.self) {
            _ = try SettingsReader.read(environment: ["ROLLCALL_" + name: text])
        }
        #expect(faults.faults.map(\.description) == [fault + " (environment ROLLCALL_\(name))"])
    }

    @Test("A batch fits into what may be in flight")
    func batchFits() throws {
        let faults = try #require(throws: SettingsFaults.self) {
            _ = try SettingsReader.read(environment: ["ROLLCALL_LIMITS_IN_FLIGHT_ITEMS": "4999"])
        }
        #expect(
            faults.faults.map(\.description) == [
                "batch.items: expected at most limits.in_flight_items "
                    + "(4999, environment ROLLCALL_LIMITS_IN_FLIGHT_ITEMS), got 5000 (default)"
            ])
    }

    @Test("Brokers and catalog are asked for only by those who need them")
    func requirements() throws {
        let faults = try #require(throws: SettingsFaults.self) {
            _ = try SettingsReader.read(environment: [:], requiring: [.brokers, .catalog])
        }
        let brokers =
            "kafka.brokers: expected at least one host:port, by the file, "
            + "ROLLCALL_KAFKA_BROKERS or --brokers, got none (default)"
        #expect(
            faults.faults.map(\.description) == [
                brokers,
                "catalog: expected at least one file, by the file, "
                    + "ROLLCALL_CATALOG or --catalog, got none (default)",
            ])
        let missing = try #require(throws: SettingsFaults.self) { try Settings().requireBrokers() }
        #expect(missing.faults.map(\.description) == [brokers])
        var settings = Settings()
        settings.kafka.brokers = ["a:1"]
        #expect(throws: Never.self) { try settings.requireBrokers() }
    }

    @Test("Unknown variables are warned of, those of Kubernetes are not")
    func unknownVariables() {
        let warnings = EnvironmentNames.warnings(for: [
            "ROLLCALL_LANE", "ROLLCALL_DATABSE_URL", "ROLLCALL_XYZZY", "ROLLCALL_LANES", "PATH",
            "ROLLCALL_SERVICE_HOST", "ROLLCALL_PORT_9090_TCP_ADDR", "ROLLCALL_CONFIG",
        ])
        #expect(
            warnings == [
                "ROLLCALL_DATABSE_URL: unknown environment variable; "
                    + "did you mean ROLLCALL_DATABASE_URL?",
                "ROLLCALL_LANE: unknown environment variable; did you mean ROLLCALL_LANES?",
                "ROLLCALL_XYZZY: unknown environment variable",
            ])
    }

    @Test(
        "The nearest name",
        arguments: [
            ("kafka.brokrs", "kafka.brokers"), ("brokers", "kafka.brokers"),
            ("Kafka.Group", "kafka.group"), ("lnaes", "lanes"),
            ("kafka.topics.rosterimports", "kafka.topics.roster_imports"),
            ("database.pool_size", nil), ("x", nil), ("", nil),
        ] as [(String, String?)])
    func nearest(given: String, known: String?) {
        #expect(NearestName.find(for: given, among: Setting.table.map(\.key)) == known)
    }
}
