import ArgumentParser
import Jobs
import Postgres
import Store

/// `rollcall cancel`: ends jobs that are done in parts.
struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ends backfills and imports that are waiting or running.",
        discussion: """
            Parts that workers have in hand end first, and what they wrote stays and is counted; \
            nothing more is begun. A job that is done in one piece has ended when it can be seen.

            Exits with 1 if a job had ended already, with 3 if there is no such job.

            Examples:
              rollcall cancel 7c1f9a2e
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "A job's id, its first 4 or more characters, or @last.", valueName: "job"),
        transform: JobReference.init)
    var jobs: [JobReference]

    func run() throws {
        let control = try ControlSession(common.settings())
        var code = ExitCode.success
        for reference in jobs {
            let job = try control.job(reference)
            guard !job.state.isTerminal else {
                complain(
                    "\(job.id): expected a job that is waiting or running, it has \(job.state.rawValue)"
                )
                code = .failure
                continue
            }
            // An import that waits for messages has no parts of work yet.
            let isWaiting = try control.inTransaction { connection throws(PostgresError) in
                try control.imports.cancel(job.id, on: connection)
            }
            let standing = try control.inTransaction { connection throws(PostgresError) in
                try control.store.close(job.id, .cancelled, on: connection)
            }
            switch standing?.openParts {
            case _ where isWaiting: print("\(job.id) cancelled")
            case nil: print("\(job.id) is ending already")
            case 0?: print("\(job.id) cancelled")
            case let parts?:
                print("\(job.id) ends after \(NumberText.counted(parts, "part")) in hand")
            }
        }
        if code != .success { throw code }
    }
}
