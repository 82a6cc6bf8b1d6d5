import ArgumentParser
import Postgres
import Store

/// `rollcall pause`: lets no more of something begin, and lists what is paused.
struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract:
            "Keeps all workers from beginning more of something; without it, lists what is paused.",
        usage: """
            rollcall pause [--json]
            rollcall pause topic|kind|relation|backfill NAME
            rollcall pause job JOB
            """,
        discussion: """
            Workers obey within two seconds, also those that start later; what they have in hand \
            ends first, and nothing is lost. It lasts until `rollcall resume`.

            topic     Nothing of the topic is read.
            kind      assign, unassign, roster-import or backfill.
            relation  Its jobs are not begun, nor the parts of imports that go through it.
            backfill  No part of it is begun, whatever job asks for it.
            job       No more parts of this import or backfill are begun.

            Jobs of one key keep their order: behind one that is paused the later ones wait too.

            Examples:
              rollcall pause
              rollcall pause relation enrollment
              rollcall pause backfill everybody
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp("topic, kind, relation, backfill or job.", valueName: "what"))
    var subject: Control.Subject?

    @Argument(
        help: ArgumentHelp(
            "Its name; a job as for `rollcall status`, a kind as in `rollcall enqueue`.",
            valueName: "name"))
    var name: String?

    @Flag(help: "List what is paused as one JSON object.")
    var json = false

    func validate() throws {
        guard (subject == nil) == (name == nil) else {
            throw ValidationError("expected what to pause and its name, got no name")
        }
        guard subject == nil || !json else {
            throw ValidationError("--json: expected nothing to pause, it lists what is paused")
        }
        if subject == .job, let name { _ = try JobReference(name) }
    }

    func run() throws {
        let settings = try common.settings()
        let control = try ControlSession(settings)
        guard let subject, let name else {
            let pauses = try Database.reporting {
                try control.query.pauses(on: control.connection)
            }
            let screen = Screen(color: .auto, isJSON: json)
            if pauses.isEmpty, !json { complain("nothing is paused") }
            return try Listing(pauses).show(on: screen)
        }
        let paused = try ControlledSubject(subject: subject, name: name)
            .resolved(control, settings)
        let isNew = try Database.reporting {
            try control.controls.pause(paused, on: control.connection)
        }
        print("\(paused) \(isNew ? "paused" : "was paused already")")
    }
}

/// `rollcall resume`: lets what was paused begin again.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets workers begin again what was paused.",
        usage: """
            rollcall resume topic|kind|relation|backfill NAME
            rollcall resume job JOB
            """,
        discussion: """
            `rollcall pause` lists what is paused.

            Examples:
              rollcall resume relation enrollment
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp("topic, kind, relation, backfill or job.", valueName: "what"))
    var subject: Control.Subject

    @Argument(help: ArgumentHelp("Its name, or the job.", valueName: "name"))
    var name: String

    func validate() throws {
        if subject == .job { _ = try JobReference(name) }
    }

    func run() throws {
        let control = try ControlSession(common.settings())
        // What is in the table may be named no more in the catalog: no name is wrong here.
        let paused = Control(
            subject, subject == .job ? try "\(control.job(JobReference(name)).id)" : name)
        let wasPaused = try Database.reporting {
            try control.controls.resume(paused, on: control.connection)
        }
        print("\(paused) \(wasPaused ? "goes on" : "was not paused")")
    }
}
