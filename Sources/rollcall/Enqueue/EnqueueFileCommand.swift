import ArgumentParser
import Jobs
import RollcallClient

/// `rollcall enqueue FILE.jsonl`: sends the jobs of a file, one a line.
struct EnqueueFileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "Sends the jobs of a file, one a line (`rollcall enqueue FILE.jsonl`).",
        discussion: """
            A line is a whole CloudEvent, which is sent byte for byte, or \
            {"type":"rollcall.assign","data":{...}}, to which id, source and time are added where \
            they are absent. Blank lines do not count. Every line is checked as a worker would \
            check it, and nothing is sent unless all are good.

            Examples:
              rollcall enqueue file jobs.jsonl --wait
              rollcall enqueue jobs.jsonl
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp("The file; - for standard input.", valueName: "file.jsonl"))
    var file: String

    @Option(
        help: ArgumentHelp(
            "The source of lines without one (default: /cli/<user>).", valueName: "source"))
    var source: String?

    @Option(
        help: ArgumentHelp(
            "The topic of all lines (default: by the kind of each job).", valueName: "name"))
    var topic: String?

    @Flag(help: "Send every line byte for byte, even what is no job; for tests.")
    var noCheck = false

    @Flag(help: "Print the id of each job as it is sent.")
    var printIds = false

    @OptionGroup var waiting: EnqueueWaitOptions

    func validate() throws {
        try EnqueueArgument.check(topic: topic)
        try EnqueueArgument.check(source: source)
        try waiting.validate()
    }

    func run() throws {
        let settings = try common.settings(requiring: .brokers)
        do {
            let opened = try InputFile(file)
            let input = opened.version == nil ? try opened.spooled() : opened
            let reading = JobLine(
                limits: EnqueueLimits(settings.limits),
                source: source ?? EnqueueArgument.defaultSource, isChecked: !noCheck)
            let jobs = JobFile(input, reading)
            let count = try check(jobs)
            let run = try EnqueueRun(settings, topic: topic, waiting, total: count)
            var session = try run.open()
            do {
                try jobs.forEach { number, message in
                    guard try session.send(message, tag: number) else { return false }
                    if printIds { print(message.jobID.map { "\($0)" } ?? "") }
                    return true
                }
            } catch let error as JobFileChanged {
                complain("\(error)")
                session.isSpoilt = true
            }
            try session.finish(name: { id, line in
                "\(input.name):\(line)" + (id.map { ": \($0)" } ?? "")
            })
        } catch let error as FileError {
            complain("\(error)")
            throw ExitCode.wrongUsage
        }
    }

    /// Counts the jobs; all faults are told before it ends the command with code 2.
    private func check(_ jobs: JobFile) throws -> Int {
        let (count, faults) = try jobs.check()
        guard faults.count > 0 else { return count }
        for fault in faults.first { complain("\(jobs.input.name):\(fault.line): \(fault.reason)") }
        complain(
            "\(NumberText.counted(faults.count, "faulty line")) of "
                + "\(NumberText.grouped(count + faults.count)); nothing was sent")
        throw ExitCode.wrongUsage
    }
}
