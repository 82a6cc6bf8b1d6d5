import ArgumentParser
import Foundation

/// The root of the command line.
struct Rollcall: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollcall",
        abstract: "Executes bulk assignments from Kafka as transactional batches in Postgres.",
        discussion: """
            `rollcall help COMMAND` shows a command with examples. Most commands want a database, by \
            --database or ROLLCALL_DATABASE_URL, and those that send or read messages want brokers, by \
            --brokers or ROLLCALL_KAFKA_BROKERS; `rollcall config check` shows what holds.

            `rollcall --generate-completion-script bash` (or zsh, fish) writes completions for your shell.

            Examples:
              rollcall demo
              rollcall status
              rollcall help status
            """,
        subcommands: [
            WorkerCommand.self, MigrateCommand.self, TopicsCommand.self, CatalogCommand.self,
            ConfigCommand.self, EnqueueCommand.self, StatusCommand.self, WhyCommand.self,
            WorkersCommand.self,
            LagCommand.self, ThroughputCommand.self, RejectionsCommand.self,
            DeadLettersCommand.self,
            CancelCommand.self, RetryCommand.self,
            PauseCommand.self, ResumeCommand.self, SandboxCommand.self,
            DemoCommand.self, HealthcheckCommand.self, VersionCommand.self,
        ])

    /// Parses the command line and runs it; wrong usage exits with 2 and not with the parser's 64.
    static func start() -> Never {
        // A reader that went away is an error of write(2), not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            ProcessArguments.hidePasswords()
            try command.run()
            Foundation.exit(0)
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            let isHelp = code == .success
            if !message.isEmpty {
                let handle = isHelp ? FileHandle.standardOutput : FileHandle.standardError
                try? handle.write(contentsOf: Data((message + "\n").utf8))
            }
            Foundation.exit(
                code == .validationFailure ? ExitCode.wrongUsage.rawValue : code.rawValue)
        }
    }
}

/// The exit codes that scripts can rely on.
extension ExitCode {
    /// The command line is wrong, or names a job ambiguously.
    static let wrongUsage = ExitCode(2)
    static let noSuchJob = ExitCode(3)
    /// The database refuses the login or a privilege is missing.
    static let permissionDenied = ExitCode(4)
    static let jobFailed = ExitCode(5)
    /// The job has succeeded with rejections.
    static let rejections = ExitCode(6)
    static let cancelled = ExitCode(7)
    /// A file that was given is not what it should be.
    static let wrongData = ExitCode(65)
    /// The database or the brokers cannot be reached.
    static let unreachable = ExitCode(69)
    /// The status schema's version does not fit this program.
    static let schemaMismatch = ExitCode(75)
    /// The settings or the catalog are wrong.
    static let configuration = ExitCode(78)
    /// `--timeout` ran out.
    static let timedOut = ExitCode(124)
    static let interrupted = ExitCode(130)
}
