import Foundation
import Logging
import Testing

@testable import Operations

@Suite("Log lines")
struct LineLogHandlerTests {
    @Test("A text line: time, level, message, metadata in the order of its names")
    func text() {
        let lines = log(.text) { logger in
            logger.info("worker joined", metadata: ["partitions": "3", "group": "rollcall"])
            logger.error("gone")
        }
        #expect(
            lines == [
                "2026-11-21T08:00:00.123Z info  worker joined group=rollcall partitions=3\n",
                "2026-11-21T08:00:00.123Z error gone\n",
            ])
    }

    @Test(
        "A value that could be taken for more than one word is quoted",
        arguments: [
            ("plain", "plain"), ("a b", #""a b""#), ("", #""""#), ("a=b", #""a=b""#),
            (#"say "x""#, #""say \"x\"""#), ("a\nb", #""a\nb""#), ("\u{1B}[2J", #""\u001b[2J""#),
            ("\u{202E}x", #""\u202ex""#), ("grüße 🎓", #""grüße 🎓""#), ("grüße", "grüße"),
        ])
    func quoting(value: String, shown: String) {
        let lines = log(.text) { $0.info("m", metadata: ["k": "\(value)"]) }
        #expect(lines == ["2026-11-21T08:00:00.123Z info  m k=\(shown)\n"])
    }

    @Test("A JSON line holds the fields, nested metadata too")
    func json() throws {
        let lines = log(.json) {
            $0.warning(
                "a \"b\"\n",
                metadata: [
                    "group": "g", "list": ["x", "y\u{0}"], "map": ["k": "v"], "level": "mine",
                ])
        }
        #expect(
            lines == [
                #"{"time":"2026-11-21T08:00:00.123Z","level":"warning","message":"a \"b\"\n","#
                    + #""group":"g","metadata_level":"mine","list":["x","y\u0000"],"map":{"k":"v"}}"#
                    + "\n"
            ])
        #expect(throws: Never.self) {
            try JSONSerialization.jsonObject(with: Data(lines.joined().utf8))
        }
    }

    @Test("Nothing can forge a second line", arguments: [LogFormat.text, .json])
    func injection(format: LogFormat) {
        let forged = "x\n2026-11-21T08:00:00.000Z error \u{1B}[31mforged\r\u{85}\u{2028}y"
        let lines = log(format) { $0.info("\(forged)", metadata: [forged: "\(forged)"]) }
        #expect(lines.count == 1)
        let controls = lines.joined().dropLast().unicodeScalars.filter {
            $0.properties.generalCategory == .control || $0 == "\u{2028}"
        }
        #expect(controls.isEmpty)
    }

    @Test("Every character that JSON must escape can be read back")
    func jsonRoundTrip() throws {
        let scalars = (0...0x2FF).compactMap { Unicode.Scalar($0 as Int).map(Character.init) }
        let text = String(scalars)
        let lines = log(.json) { $0.info("\(text)") }
        let object = try JSONSerialization.jsonObject(with: Data(lines.joined().utf8))
        #expect((object as? [String: Any])?["message"] as? String == text)
    }

    @Test("A text beyond the limit is cut off")
    func limit() {
        let lines = log(.text) { $0.info("\(String(repeating: "x", count: 1_000_000))") }
        #expect(lines[0].utf8.count < LogLine.textBytesMax + 100)
        #expect(lines[0].hasSuffix("…\n"))
    }

    @Test("What the event says wins over the provider, and that over the logger")
    func precedence() {
        let lines = log(.text) { logger in
            logger[metadataKey: "a"] = "logger"
            logger[metadataKey: "b"] = "logger"
            logger[metadataKey: "c"] = "logger"
            logger.handler.metadataProvider = .init { ["b": "provider", "c": "provider"] }
            logger.info("m", metadata: ["c": "event"])
        }
        #expect(lines == ["2026-11-21T08:00:00.123Z info  m a=logger b=provider c=event\n"])
    }

    @Test("Below its level nothing is written")
    func level() {
        let lines = log(.text) { logger in
            logger.debug("no")
            logger.logLevel = .debug
            logger.debug("yes")
        }
        #expect(lines == ["2026-11-21T08:00:00.123Z debug yes\n"])
    }

    @Test(
        "The time by the calendar",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_399, 999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, 7, "2000-02-29T00:00:00.007Z"),
            (4_102_444_800, 50, "2100-01-01T00:00:00.050Z"),
        ])
    func time(seconds: Int, milliseconds: Int, shown: String) {
        var line: [UInt8] = []
        LogTime(seconds: seconds, milliseconds: milliseconds).append(to: &line)
        #expect(String(decoding: line, as: UTF8.self) == shown)
    }

    @Test("Automatic is text on a terminal and JSON elsewhere")
    func automatic() {
        #expect(LogFormat.auto.resolved(isTerminal: true) == .text)
        #expect(LogFormat.auto.resolved(isTerminal: false) == .json)
        #expect(LogFormat.json.resolved(isTerminal: true) == .json)
    }

    /// The lines that a logger writes at 2026-11-21 08:00:00.123 UTC.
    private func log(_ format: LogFormat, _ body: (inout Logger) -> Void) -> [String] {
        let written = WrittenLines()
        var logger = Logger(label: "test") { _ in
            LineLogHandler(
                level: .info, format: format, sink: { written.append($0) },
                now: { LogTime(seconds: 1_795_248_000, milliseconds: 123) })
        }
        body(&logger)
        return written.all
    }
}
