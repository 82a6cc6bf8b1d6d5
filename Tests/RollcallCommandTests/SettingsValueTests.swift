import Testing

@testable import rollcall

@Suite("Values of settings")
struct SettingsValueTests {
    @Test(
        "A duration is a whole number with a unit",
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("2h", .seconds(7_200)), ("30d", .seconds(2_592_000)), ("0s", .zero),
        ])
    func duration(text: String, duration: Duration) {
        #expect(Duration(setting: text) == duration)
        #expect(duration.settingText == text)
    }

    @Test(
        "Nothing else is a duration",
        arguments: [
            "", "30", "s", "30 s", "1.5s", "-1s", "+1s", "30S", "1h30m", "1e3s", "٣s",
            "9223372036854775807d", "99999999999999999999s",
        ])
    func noDuration(text: String) {
        #expect(Duration(setting: text) == nil)
    }

    @Test(
        "A size is a whole number with a unit",
        arguments: [("100B", 100), ("512KiB", 524_288), ("8MiB", 8_388_608), ("1GiB", 1 << 30)])
    func size(text: String, bytes: Int) {
        #expect(ByteCount.parse(text) == bytes)
        #expect(ByteCount.text(bytes) == text)
    }

    @Test(
        "Nothing else is a size",
        arguments: ["", "8", "8MB", "8mib", "8 MiB", "-8MiB", "9223372036854775807GiB"])
    func noSize(text: String) {
        #expect(ByteCount.parse(text) == nil)
    }

    @Test(
        "Valid values",
        arguments: [
            ("lanes", "1"), ("lanes", "64"), ("batch.window", "0s"), ("batch.window", "1s"),
            ("database.schema", "_Roll2"), ("database.url", "postgresql://"),
            ("database.url", "host=/run user='a b'"), ("kafka.brokers", "a, b:9092,[::1]:9092"),
            ("kafka.brokers", "SASL_SSL://broker-1.example:9093"),
            ("kafka.topics.backfills", "a.B_c-9"), ("log.level", "debug"), ("log.format", "json"),
            ("limits.message_bytes", "1KiB"), ("kafka.properties", "a=b;c=d=e"),
            ("worker.id", "worker-1"), ("endpoint.port", "0"), ("endpoint.port", "off"),
            ("endpoint.address", "::1"), ("endpoint.address", "0.0.0.0"),
        ])
    func valid(key: String, text: String) throws {
        let loaded = try read(key, text)
        #expect(loaded.source(of: key) == .flag("--x"))
    }

    @Test(
        "Invalid values, and what is said",
        arguments: [
            ("lanes", "0", #"expected a whole number from 1 to 64, got "0""#),
            ("lanes", "65", #"expected a whole number from 1 to 64, got "65""#),
            ("lanes", "four", #"expected a whole number from 1 to 64, got "four""#),
            ("lanes", "+4", #"expected a whole number from 1 to 64, got "+4""#),
            ("lanes", "4.0", #"expected a whole number from 1 to 64, got "4.0""#),
            ("lanes", "", "expected a whole number from 1 to 64, got an empty text"),
            ("lanes", "4\u{1B}[2J", #"expected a whole number from 1 to 64, got "4\u{1B}[2J""#),
            (
                "database.statement_timeout", "30",
                "expected a duration from 100ms to 1h, such as 30s, got 30 without a unit"
            ),
            (
                "database.statement_timeout", "2h",
                #"expected a duration from 100ms to 1h, such as 30s, got "2h""#
            ),
            (
                "limits.message_bytes", "8388608",
                "expected a size from 1KiB to 512MiB, such as 8MiB, got 8388608 without a unit"
            ),
            (
                "database.schema", "a;b",
                "expected a plain identifier: up to 63 ASCII letters, digits and underscores, "
                    + #"no digit first, no pg_ first, got "a;b""#
            ),
            (
                "database.url", "mysql://u:geheim@h/d",
                #"expected a postgresql:// URL or key=value pairs for libpq, got "***""#
            ),
            (
                "kafka.brokers", "a:0",
                #"expected host:port, such as localhost:9092, got "a:0""#
            ),
            (
                "kafka.brokers", "a:9092,",
                "expected host:port, such as localhost:9092, got an empty text"
            ),
            (
                "kafka.topics.backfills", "a b",
                "expected a topic name: up to 249 ASCII letters, digits, dots, underscores and "
                    + #"dashes, got "a b""#
            ),
            (
                "endpoint.port", "65536",
                #"expected a port from 0 to 65535, or off, got "65536""#
            ),
            (
                "endpoint.address", "localhost",
                #"expected an IP address, such as 127.0.0.1, 0.0.0.0 or ::1, got "localhost""#
            ),
            ("log.level", "loud", #"expected one of debug, info, warning, error, got "loud""#),
            ("log.format", "JSON", #"expected one of auto, text, json, got "JSON""#),
            (
                "kafka.properties", "geheim",
                "expected name=value pairs, separated by ; or one a line, got one without ="
            ),
        ])
    func invalid(key: String, text: String, problem: String) throws {
        let faults = try #require(throws: SettingsFaults.self) { _ = try read(key, text) }
        #expect(faults.faults.map(\.description) == ["\(key): \(problem) (flag --x)"])
    }

    @Test("Numbers at the edges of the machine", arguments: ["9223372036854775808", "1e400"])
    func edges(text: String) {
        #expect(throws: SettingsFaults.self) { _ = try read("batch.items", text) }
    }

    @Test("A long value is cut off in the message")
    func longValue() throws {
        let faults = try #require(throws: SettingsFaults.self) {
            _ = try read("lanes", String(repeating: "9", count: 1_000_000))
        }
        #expect(faults.description.utf8.count < 300)
    }

    private func read(_ key: String, _ text: String) throws -> LoadedSettings {
        try SettingsReader.read(
            flags: [SettingEntry(key: key, input: .text(text), source: .flag("--x"))],
            environment: [:])
    }
}
