import Glibc
import Synchronization

/// A process that this one has started.
///
/// Safe from several threads.
///
/// The child gets exactly three descriptors and a clean signal mask, whatever thread starts it and
/// whatever else is open here. Whoever starts one also waits for it: letting go of the object does
/// not end the process.
public final class ChildProcess: Sendable {
    /// Where an input or output of the child leads.
    public enum Stream: Sendable {
        /// `/dev/null`.
        case null
        /// The same as ours.
        case inherit
        /// A file: read for an input, created and appended to for an output.
        case file(String)
        /// A stream that we hold the other end of.
        case pipe
    }

    /// The number of the process.
    ///
    /// After the wait it may belong to another one.
    public let pid: pid_t
    /// Our ends of the streams that were asked for as pipes.
    public let standardInput: PipeEnd?
    public let standardOutput: PipeEnd?
    public let standardError: PipeEnd?

    /// Nil while the process has not been waited for.
    ///
    /// The process is waited for and signalled only under this lock, so that a signal never reaches
    /// another process that got its number.
    private let status = Mutex<ExitStatus?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: A path, or a name to look for in `PATH`.
    ///   - environment: The whole environment of the child; nil for a copy of ours.
    ///   - newSession: Whether the child leaves our terminal and process group, so that a Ctrl-C
    ///     there is not also for it.
    ///
    /// The corresponding C function is `posix_spawnp`.
    public init(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
        standardInput: Stream = .null, standardOutput: Stream = .inherit,
        standardError: Stream = .inherit, newSession: Bool = false
    ) throws(SandboxError) {
        var wiring = SpawnWiring()
        let input = try wiring.connect(STDIN_FILENO, standardInput)
        let output = try wiring.connect(STDOUT_FILENO, standardOutput)
        let error = try wiring.connect(STDERR_FILENO, standardError)
        self.standardInput = input
        self.standardOutput = output
        self.standardError = error
        pid = try wiring.spawn(
            executable, arguments, environment: environment, newSession: newSession)
    }

    deinit { _ = poll() }

    /// Waits until the process has ended.
    ///
    /// Several threads may wait.
    ///
    /// The corresponding C function is `waitid`.
    @discardableResult
    public func wait() -> ExitStatus {
        var information = siginfo_t()
        // Without reaping, because a call that blocks must not hold the lock.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        return status.withLock { reap(&$0, options: 0) ?? .unknown }
    }

    /// Waits until the process has ended, but not longer than `timeout`; nil when it still runs.
    public func wait(timeout: Duration) -> ExitStatus? {
        let deadline = ContinuousClock.now + timeout
        // Linux has no wait with a timeout that Swift can call, so this looks again and again.
        var pause: UInt32 = 500
        while true {
            if let status = poll() { return status }
            if ContinuousClock.now >= deadline { return nil }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// How the process ended, or nil while it runs.
    public func poll() -> ExitStatus? {
        status.withLock { reap(&$0, options: WNOHANG) }
    }

    /// Sends a signal, unless the process is known to have ended; false when it has.
    ///
    /// The corresponding C function is `kill`.
    @discardableResult
    public func terminate(_ signal: Int32 = SIGTERM) -> Bool {
        status.withLock { status in
            guard status == nil else { return false }
            return kill(pid, signal) == 0
        }
    }

    private func reap(_ status: inout ExitStatus?, options: Int32) -> ExitStatus? {
        if let status { return status }
        var raw: Int32 = 0
        while true {
            let answer = waitpid(pid, &raw, options)
            if answer == pid {
                status = ExitStatus(raw)
            } else if answer == -1, errno == EINTR {
                continue
            } else if answer == -1 {
                status = .unknown
            }
            return status
        }
    }
}
