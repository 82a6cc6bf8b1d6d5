import ArgumentParser
import Postgres
import Store

/// What `rollcall pause` and `rollcall resume` are about.
struct ControlledSubject: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "job, backfill or kind.", valueName: "what"))
    var subject: BackfillStore.Subject

    @Argument(
        help: ArgumentHelp(
            "The job (as for `rollcall status`), the backfill's name, or the kind backfill.",
            valueName: "name"))
    var name: String

    func validate() throws {
        guard subject != .kind || name == "backfill" else {
            throw ValidationError(
                "kind: expected backfill, the only one that is done in parts, got "
                    + name.quotedForMessage)
        }
        if subject == .job { _ = try JobReference(name) }
    }

    /// The name under which it is kept.
    func resolved(_ control: ControlSession) throws -> String {
        guard subject == .job else { return name }
        let job = try control.job(JobReference(name))
        guard !job.state.isTerminal else {
            complain(
                "\(job.id): expected a job that is waiting or running, it has \(job.state.rawValue)"
            )
            throw ExitCode.failure
        }
        return "\(job.id)"
    }
}

extension BackfillStore.Subject: ExpressibleByArgument {}

/// `rollcall pause`: lets no more parts begin.
struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Lets no more parts of backfills begin; those that are running end.",
        usage: """
            rollcall pause job JOB
            rollcall pause backfill NAME
            rollcall pause kind backfill
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var subject: ControlledSubject

    func run() throws {
        let control = try ControlSession(common.settings())
        let name = try subject.resolved(control)
        let isNew = try Database.reporting {
            try control.store.pause(subject.subject, name, on: control.connection)
        }
        print("\(subject.subject.rawValue) \(name) \(isNew ? "paused" : "was paused already")")
    }
}

/// `rollcall resume`: lets parts begin again.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets parts of backfills that were paused begin again.",
        usage: """
            rollcall resume job JOB
            rollcall resume backfill NAME
            rollcall resume kind backfill
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var subject: ControlledSubject

    func run() throws {
        let control = try ControlSession(common.settings())
        let name = try subject.resolved(control)
        let wasPaused = try Database.reporting {
            try control.store.resume(subject.subject, name, on: control.connection)
        }
        print("\(subject.subject.rawValue) \(name) \(wasPaused ? "goes on" : "was not paused")")
    }
}
