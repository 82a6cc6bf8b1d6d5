import Foundation
import Postgres
import Sandbox
import Testing

@testable import Store

/// Headers on their way into the column and out of it again.
@Suite struct HeaderTextTests {
    private typealias Headers = [(name: String, value: [UInt8]?)]

    private func same(_ left: Headers, _ right: Headers) -> Bool {
        left.elementsEqual(right) { a, b in
            a.name.utf8.elementsEqual(b.name.utf8) && a.value == b.value
        }
    }

    @Test("what is written is read byte for byte, also after jsonb had it")
    func roundTrip() throws {
        let seed =
            ProcessInfo.processInfo.environment["ROLLCALL_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 1...999_999)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let database = try SharedPostgres.database()
        let connection = try Connection(database.conninfo, applicationName: "test")
        var cases: [Headers] = [
            [], [("", [])], [("a", nil)], [("a", [0])], [("a", [0xFF]), ("a", [0xC3, 0xA9])],
            [("\"\\\n\u{1}é😀", Array("\"\\\n\u{1}é😀\u{E000}\u{FFFF}".utf8))],
            [("e\u{301}", Array("e\u{301}".utf8)), ("é", Array("é".utf8))],
        ]
        for length in 0..<40 {
            cases.append(
                (0..<5).map { number in
                    (
                        "h\(number)",
                        (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                    )
                })
        }
        for headers in cases {
            let json = HeaderText.json(headers)
            #expect(same(try HeaderText.headers(json), headers), "\(json)")
            var parameters = Parameters()
            parameters.append(jsonb: json)
            let stored = try connection.execute("SELECT $1", parameters, binaryResult: true)
            #expect(same(try HeaderText.headers(stored.string(0, 0)), headers), "\(json)")
        }
    }

    @Test(arguments: [
        "{}", "null", "[1]", "[{}]", #"[{"name":1,"value":""}]"#, #"[{"name":"a"}]"#,
        #"[{"name":"a","value":1}]"#, #"[{"name":"a","base64":"A"}]"#,
        #"[{"name":"a","base64":"A==="}]"#, #"[{"name":"a","base64":"A-=="}]"#,
        #"[{"name":"a","base64":null}]"#, "[",
    ])
    func whatIsNoHeadersIsAFault(json: String) {
        #expect(throws: HeaderFault.self) { try HeaderText.headers(json) }
    }
}
