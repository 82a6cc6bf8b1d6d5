import Dispatch
import Synchronization
import Testing

@testable import Operations
@testable import ProofKit

/// The server with visitors of all sorts.
@Suite struct HTTPServerTests {
    private static let request = Array("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".utf8)

    private func server(_ handler: @escaping HTTPServer.Handler) throws -> HTTPServer {
        let server = try HTTPServer(address: "127.0.0.1", port: 0, handler: handler)
        server.start()
        return server
    }

    private func echo() throws -> HTTPServer {
        try server { request, then in then(.text(200, request.path)) }
    }

    private func connect(_ server: HTTPServer) throws -> ProofKit.Socket {
        try .connected(to: Int(server.port))
    }

    private func rest(_ socket: ProofKit.Socket) -> String {
        var bytes: [UInt8] = []
        while let more = socket.read() { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func anAnswerHasItsLengthAndEndsTheConnection() throws {
        let server = try echo()
        defer { server.stop() }
        let socket = try connect(server)
        #expect(socket.write(Self.request))
        #expect(
            rest(socket) == """
                HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 7\r\n\
                Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n\
                /hello\n
                """)
        let head = try Visitor(port: Int(server.port)).send("HEAD /hello HTTP/1.1\r\n\r\n")
        #expect(head.head.contains("Content-Length: 7"))
        #expect(head.body.isEmpty)
    }

    @Test func aRequestMayComeByteByByte() throws {
        let server = try echo()
        defer { server.stop() }
        let socket = try connect(server)
        for byte in Self.request { #expect(socket.write([byte])) }
        #expect(rest(socket).hasSuffix("/hello\n"))
    }

    @Test func longAnswersGoToSlowReadersWhole() throws {
        let body = [UInt8](repeating: 0x78, count: 8 << 20)
        let server = try server { _, then in
            then(HTTPResponse(status: 200, contentType: "text/plain", body: body))
        }
        defer { server.stop() }
        let socket = try connect(server)
        #expect(socket.write(Self.request))
        #expect(rest(socket).utf8.count > body.count)
    }

    @Test func aThousandSilentConnectionsKeepNobodyOut() throws {
        let server = try echo()
        defer { server.stop() }
        var silent: [ProofKit.Socket] = []
        for number in 0..<1_000 {
            let socket = try connect(server)
            #expect(socket.write(Array("GET /".utf8)))
            silent.append(socket)
            if number % 250 == 249 {
                #expect(try Visitor(port: Int(server.port)).get("/hello").body == "/hello\n")
            }
        }
    }

    @Test func headersWithoutEndAreRefusedAndTheRestIsThrownAway() throws {
        let server = try echo()
        defer { server.stop() }
        let socket = try connect(server)
        let header = Array(String(repeating: "x", count: 1 << 20).utf8)
        _ = socket.write(Array("GET / HTTP/1.1\r\nX: ".utf8) + header)
        #expect(rest(socket).hasPrefix("HTTP/1.1 431 "))
        #expect(try Visitor(port: Int(server.port)).get("/hello").status == 200)
    }

    @Test func visitorsWhoAskSlowlyAreSentAway() throws {
        let server = try echo()
        defer { server.stop() }
        let slow = try connect(server)
        let silent = try connect(server)
        #expect(slow.write(Array("GET /".utf8)))
        #expect(rest(slow).hasPrefix("HTTP/1.1 408 "))
        #expect(rest(silent) == "")
    }

    @Test func anAnswerThatTakesItsTimeHoldsUpNobody() throws {
        let late = Mutex<(@Sendable (HTTPResponse) -> Void)?>(nil)
        let asked = DispatchSemaphore(value: 0)
        let server = try server { request, then in
            guard request.path == "/slow" else { return then(.text(200, "at once")) }
            late.withLock { $0 = then }
            asked.signal()
        }
        defer { server.stop() }
        let slow = try connect(server)
        #expect(slow.write(Array("GET /slow HTTP/1.1\r\n\r\n".utf8)))
        asked.wait()
        #expect(try Visitor(port: Int(server.port)).get("/").body == "at once\n")
        let then = try #require(late.withLock { $0 })
        then(.text(200, "late"))
        #expect(rest(slow).hasSuffix("late\n"))
        // A second answer, and one for a visitor who is gone, are nobody's.
        then(.text(200, "later"))
        #expect(try Visitor(port: Int(server.port)).get("/").body == "at once\n")
    }

    @Test func itStopsWithVisitorsAndItsPortIsFreeAtOnce() throws {
        let first = try server { _, _ in }
        let waiting = try connect(first)
        let silent = try connect(first)
        #expect(waiting.write(Self.request))
        first.stop()
        #expect(rest(waiting) == "")
        #expect(rest(silent) == "")
        let second = try HTTPServer(address: "127.0.0.1", port: first.port) { _, then in
            then(.text(200, "second"))
        }
        second.start()
        defer { second.stop() }
        #expect(try Visitor(port: Int(second.port)).get("/").body == "second\n")
    }

    @Test func aPortThatIsTakenIsAnErrorThatNamesIt() throws {
        let first = try echo()
        defer { first.stop() }
        let error = #expect(throws: ListeningFailed.self) {
            _ = try HTTPServer(address: "127.0.0.1", port: first.port) { _, _ in }
        }
        #expect(
            error?.description
                == "expected to listen at 127.0.0.1, port \(first.port), got: Address already in use"
        )
        #expect(throws: ListeningFailed.self) {
            _ = try HTTPServer(address: "localhost", port: 0) { _, _ in }
        }
    }
}
