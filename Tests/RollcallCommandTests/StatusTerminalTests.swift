import Foundation
import Sandbox
import Testing

@testable import rollcall

@Suite("rollcall status on a terminal")
struct StatusTerminalTests {
    /// A pseudo-terminal of a given width.
    private final class Screen {
        let path: String
        private let descriptor: Int32

        init(width: UInt16) throws {
            // Swift's Glibc leaves out posix_openpt and its kin; these are the requests below them.
            let (setLock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))
            descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            var (lock, number): (Int32, Int32) = (0, 0)
            guard descriptor >= 0, ioctl(descriptor, setLock, &lock) == 0,
                ioctl(descriptor, getNumber, &number) == 0
            else { throw POSIXError(.ENODEV) }
            path = "/dev/pts/\(number)"
            var size = winsize(ws_row: 50, ws_col: width, ws_xpixel: 0, ws_ypixel: 0)
            guard ioctl(descriptor, UInt(TIOCSWINSZ), &size) == 0 else { throw POSIXError(.ENOTTY) }
        }

        deinit { close(descriptor) }

        /// All that was written, without the carriage returns that the terminal adds.
        func text() -> String {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4_096)
            // The end of a terminal whose programs have gone is an error.
            while case let count = read(descriptor, &chunk, chunk.count), count > 0 {
                bytes += chunk[..<count]
            }
            return String(decoding: bytes.filter { $0 != 0x0D }, as: UTF8.self)
        }
    }

    private let program: StatusProgram

    init() throws {
        program = try StatusProgram()
        try program.insert("4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11", "succeeded_with_rejections")
        try program.insert("5b02e771-5e0b-4a43-9a4e-0f6f4f2b7c11", secondsAgo: 90)
    }

    private func screen(
        _ arguments: [String], width: UInt16, environment: [String: String] = [:]
    ) throws -> String {
        let screen = try Screen(width: width)
        let child = try program.start(
            arguments, environment: environment, name: "screen", output: screen.path)
        let text = screen.text()
        #expect(try program.finish(child, name: "screen").errors.isEmpty)
        return text
    }

    @Test("The list is drawn, and its end stands below it")
    func list() throws {
        let text = try screen([], width: 120, environment: ["NO_COLOR": "1"])
        #expect(
            text == """
                  JOB       KIND    TARGET         STATE       PROGRESS           DONE/ITEMS  REJECTED  AGE  TOOK
                ! 4410ad09  assign  enrollment/42  succeeded*  [##########] 100%         3/3         1  1m   1m00s
                ✓ 5b02e771  assign  enrollment/42  succeeded   [##########] 100%         3/3         0  1m   1m30s
                2 of 2 jobs        lag unknown: no brokers are configured · 0 workers · 0 items/s

                """)
    }

    @Test("The width of the terminal counts, and colour unless it is not wanted")
    func widths() throws {
        let narrow = try screen(["--color", "never"], width: 60)
        #expect(narrow.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= 60 })
        #expect(!narrow.contains("\u{1B}"))
        #expect(try screen([], width: 80).contains("\u{1B}[33msucceeded*\u{1B}[0m"))
        #expect(!(try screen([], width: 80, environment: ["TERM": "dumb"]).contains("\u{1B}")))
    }

    @Test("One job, with its rejected item")
    func detail() throws {
        let text = try screen(["4410"], width: 100, environment: ["NO_COLOR": "1"])
        #expect(text.hasPrefix("Job           4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11\n"))
        #expect(text.contains("\nState         succeeded with rejections: 1 of 3 items rejected\n"))
        #expect(
            text.hasSuffix(
                """

                Rejected      1   (1 unknown-user)
                  ITEM  MEMBER  CODE          MESSAGE
                  1     u-1     unknown-user  no such user

                """))
    }

    @Test("--watch draws in place until the job has ended")
    func watch() throws {
        let text = try screen(["4410", "--watch"], width: 100, environment: ["NO_COLOR": "1"])
        #expect(
            text.hasPrefix("assign 4410ad09 · enrollment/42 · succeeded*\u{1B}[K\n[####"))
    }
}
