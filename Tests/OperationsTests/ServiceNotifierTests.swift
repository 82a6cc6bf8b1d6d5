import Foundation
import Glibc
import Testing

@testable import Operations

/// What systemd is told.
@Suite struct ServiceNotifierTests {
    /// A socket as systemd's, at a path or at a name of Linux's own.
    private struct Listener: ~Copyable {
        let descriptor: Int32

        init(_ name: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(name.utf8)
            if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(2 + bytes.count)
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length)
                }
            }
            try #require(status == 0, "bind: \(String(cString: strerror(errno)))")
        }

        deinit { close(descriptor) }

        /// The next message that has come; nil if none has.
        func message() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test("each message is a datagram, at a path and at a name of Linux's own")
    func messages() throws {
        let id = UUID().uuidString
        let path = NSTemporaryDirectory() + "rollcall-notify-\(id)"
        defer { unlink(path) }
        for name in [path, "@rollcall-notify-\(id)"] {
            let listener = try Listener(name)
            let notifier = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": name]))
            #expect(notifier.watchdog == nil)
            notifier.status("waiting: no\nroute to host")
            notifier.ready()
            notifier.alive()
            notifier.stopping()
            #expect(listener.message() == "STATUS=waiting: no route to host")
            #expect(listener.message() == "READY=1")
            #expect(listener.message() == "WATCHDOG=1")
            #expect(listener.message() == "STOPPING=1")
            #expect(listener.message() == nil)
        }
    }

    @Test("nobody listens: nothing happens")
    func silence() throws {
        let name = NSTemporaryDirectory() + "rollcall-notify-\(UUID().uuidString)"
        try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": name])).ready()
    }

    @Test(
        "without a socket that can be, there is nobody to tell",
        arguments: [nil, "", "@", "relative", "/" + String(repeating: "x", count: 107)])
    func nobody(_ name: String?) {
        #expect(ServiceNotifier(environment: name.map { ["NOTIFY_SOCKET": $0] } ?? [:]) == nil)
    }

    @Test(
        "the watchdog's time counts if it is meant for this process",
        arguments: [
            (["WATCHDOG_USEC": "1500000"], Duration.milliseconds(1_500)),
            (["WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "7"], Duration.milliseconds(1_500)),
            (["WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "8"], nil),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "soon"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func watchdog(_ variables: [String: String], _ time: Duration?) throws {
        let environment = variables.merging(["NOTIFY_SOCKET": "/run/notify"]) { $1 }
        let notifier = try #require(ServiceNotifier(environment: environment, processID: 7))
        #expect(notifier.watchdog == time)
    }
}
