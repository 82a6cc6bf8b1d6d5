import Testing

@testable import Operations

@Suite struct HTTPRequestTests {
    private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8)) }

    @Test func aRequestIsCompleteWithItsEmptyLine() {
        let text = "GET /livez?verbose HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n"
        for end in text.indices { #expect(read(String(text[..<end])) == .incomplete) }
        #expect(read(text) == .complete(HTTPRequest(isHead: false, path: "/livez")))
        #expect(read("HEAD / HTTP/1.0\n\n") == .complete(HTTPRequest(isHead: true, path: "/")))
    }

    @Test(
        "what is no request is refused",
        arguments: [
            ("POST / HTTP/1.1\r\n\r\n", 405), ("get / HTTP/1.1\r\n\r\n", 405),
            ("GET / HTTP/2\r\n\r\n", 400), ("GET /a b HTTP/1.1\r\n\r\n", 400),
            ("GET http://x/ HTTP/1.1\r\n\r\n", 400), ("\r\n\r\n", 400), ("GET /\r\n\r\n", 400),
            ("GET /\u{e9} HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\n\n", 400),
        ])
    func refused(text: String, status: Int) {
        guard case .refused(let response) = read(text) else {
            Issue.record("expected \(status), got \(read(text))")
            return
        }
        #expect(response.status == status)
        #expect(response.allow == (status == 405 ? "GET, HEAD" : nil))
    }

    @Test func aRequestThatIsTooLongIsRefusedAsSoonAsThatIsKnown() {
        let long = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: HTTPRequest.bytesMax)
        guard case .refused(let response) = read(long) else {
            Issue.record("expected a refusal")
            return
        }
        #expect(response.status == 431)
    }
}
