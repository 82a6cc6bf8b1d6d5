import ArgumentParser

/// `rollcall enqueue`: sends jobs to Kafka.
struct EnqueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Sends jobs: one made of options, or those of a file.",
        usage: """
            rollcall enqueue assign --relation R --target T --members 1,2,3 [--wait] ...
            rollcall enqueue unassign --relation R --target T --members 1,2,3 [--wait] ...
            rollcall enqueue backfill --backfill NAME [--scope name=value ...] [--wait] ...
            rollcall enqueue roster-import --roster NAME [--target T] FILE [--wait] ...
            rollcall enqueue FILE.jsonl [--wait] ...
            """,
        discussion: """
            Ids of jobs go to standard output, everything else to standard error.

            Exits with 0 when everything is sent, with 2 when something is no job (then nothing is \
            sent), with 65 when a file is no roster (likewise), with 69 when the brokers cannot be reached. With --wait: 5 if a job failed or \
            became a dead letter, 7 if one was cancelled, 6 if one has rejected items, 124 if the \
            time ran out, 130 if interrupted.

            Examples:
              rollcall enqueue assign --relation enrollment --target 42 --members 1,2,3 --wait
              rollcall enqueue jobs.jsonl
            """,
        subcommands: [
            EnqueueAssignCommand.self, EnqueueUnassignCommand.self, EnqueueBackfillCommand.self,
            EnqueueRosterCommand.self, EnqueueFileCommand.self,
        ],
        defaultSubcommand: EnqueueFileCommand.self)
}
