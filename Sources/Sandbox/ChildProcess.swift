import Glibc

/// A process that this one has started.
///
/// Safe from several threads.
///
/// The child gets exactly three descriptors and a clean signal mask, whatever thread starts it and
/// whatever else is open here. Letting go of the object does not end the process; it is reaped
/// when it ends, so that no zombie stays behind.
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

    private let exit: ChildExit

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
        exit = ChildExit(of: pid)
    }

    /// Waits until the process has ended.
    ///
    /// Several threads may wait.
    @discardableResult
    public func wait() -> ExitStatus { exit.wait() }

    /// Waits until the process has ended, but not longer than `timeout`; nil when it still runs.
    public func wait(timeout: Duration) -> ExitStatus? { exit.wait(timeout: timeout) }

    /// How the process ended, or nil while it runs.
    public func poll() -> ExitStatus? { exit.status }

    /// Sends a signal, unless the process has ended; false when it has.
    ///
    /// The corresponding C function is `kill`.
    @discardableResult
    public func terminate(_ signal: Int32 = SIGTERM) -> Bool { exit.kill(signal) }
}
