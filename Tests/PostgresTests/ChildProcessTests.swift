import Dispatch
import Glibc
import Sandbox
import Testing

@Suite struct ChildProcessTests {
    @Test func exitCodeAndOutput() throws {
        let child = try ChildProcess(
            "sh", ["-c", "echo out; echo err >&2; exit 7"], standardOutput: .pipe,
            standardError: .pipe)
        #expect(try child.standardOutput?.readToEnd(timeout: .seconds(30)) == "out\n")
        #expect(try child.standardError?.readLine(timeout: .seconds(30)) == "err")
        #expect(try child.standardError?.readLine(timeout: .seconds(30)) == nil)
        #expect(child.wait() == .exited(7))
        #expect(child.wait() == .exited(7))
        #expect(!child.terminate())
    }

    @Test func signalsAndTimeouts() throws {
        let child = try ChildProcess("sleep", ["600"])
        #expect(child.poll() == nil)
        #expect(child.wait(timeout: .milliseconds(1)) == nil)
        #expect(child.terminate(SIGKILL))
        #expect(child.wait(timeout: .seconds(30)) == .signaled(SIGKILL))
    }

    @Test func severalThreadsWait() throws {
        let child = try ChildProcess("cat", [], standardInput: .pipe)
        let queue = DispatchQueue(label: "closes")
        queue.async { child.standardInput?.close() }
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            #expect(child.wait() == .exited(0))
        }
    }

    @Test func conversation() throws {
        let child = try ChildProcess("cat", [], standardInput: .pipe, standardOutput: .pipe)
        try child.standardInput?.write("one\ntwo\n")
        #expect(try child.standardOutput?.readLine(timeout: .seconds(30)) == "one")
        #expect(try child.standardOutput?.readLine(timeout: .seconds(30)) == "two")
        #expect(throws: SandboxError.self) {
            try child.standardOutput?.readLine(timeout: .milliseconds(1))
        }
        child.standardInput?.close()
        #expect(child.wait().isSuccess)
    }

    @Test func writingToAChildThatHasGone() throws {
        let child = try ChildProcess("true", [], standardInput: .pipe)
        child.wait()
        #expect(throws: SandboxError.self) { try child.standardInput?.write("anybody?\n") }
    }

    @Test func missingProgram() {
        #expect(throws: SandboxError.self) { try ChildProcess("/nonexistent", []) }
    }

    @Test func environmentAndFiles() throws {
        var template = Array("/tmp/rollcall-child-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        close(descriptor)
        defer { unlink(path) }
        for _ in 0..<2 {
            let child = try ChildProcess(
                "/bin/sh", ["-c", "echo $NAME"], environment: ["NAME": "value"],
                standardOutput: .file(path))
            #expect(child.wait().isSuccess)
        }
        let reader = try ChildProcess(
            "cat", [], standardInput: .file(path), standardOutput: .pipe)
        #expect(try reader.standardOutput?.readToEnd(timeout: .seconds(30)) == "value\nvalue\n")
        #expect(reader.wait().isSuccess)
    }

    /// Not even a descriptor that somebody opened without close-on-exec reaches the child.
    @Test func noStrayDescriptors() throws {
        var template = Array("/tmp/rollcall-stray-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer {
            close(descriptor)
            unlink(path)
        }
        let child = try ChildProcess(
            "ls", ["-l", "/proc/self/fd"], standardInput: .pipe, standardOutput: .pipe)
        let listing = try #require(try child.standardOutput?.readToEnd(timeout: .seconds(30)))
        #expect(child.wait().isSuccess)
        #expect(!listing.contains(path))
        // Input, output, error, and the directory that is being listed.
        #expect(listing.split(separator: "\n").count { $0.contains("->") } == 4)
    }

    @Test func abandonedChildrenAreReaped() throws {
        let pid = try ChildProcess("true", []).pid
        #expect(waitUntil { kill(pid, 0) == -1 && errno == ESRCH })
    }
}
