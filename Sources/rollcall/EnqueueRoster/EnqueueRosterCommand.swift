import ArgumentParser
import Foundation
import Jobs
import RollcallClient

/// `rollcall enqueue roster-import`: sends the parts of one roster import.
struct EnqueueRosterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roster-import",
        abstract: "Sends a file of people as one job, in as many messages as it takes.",
        discussion: """
            The whole file is read before anything is sent: what is no roster is refused with code \
            65, and nothing of it is sent. Parts that arrive twice count once: after an \
            interruption send the same file again with the same --id.

            Examples:
              rollcall enqueue roster-import --roster course-roster --target 42 people.csv --wait
              rollcall enqueue roster-import --roster oneroster --format oneroster package.zip
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "The file; - for standard input. Of a roster of several files each one, called by its "
                + "name without the extension; or a OneRoster package, a folder or a zip.",
            valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("The roster, as the catalog names it.", valueName: "name"))
    var roster: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What the people are enrolled in, such as the id of a course; in JSON if it starts with "
                + "{.", valueName: "value"))
    var target: String?

    @Option(
        help: ArgumentHelp(
            "partial: bad rows are rejected, the rest is applied; atomic: one bad row, and nothing "
                + "is written.", valueName: "mode"))
    var mode = Job.Mode.partial.rawValue

    @Flag(help: "Afterwards there is nobody whom the file does not list: all others are removed.")
    var exact = false

    @Flag(help: "Remove even more rows than the roster allows.")
    var confirmRemovals = false

    @Flag(help: "Do everything and roll it back; the status shows what would have happened.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "csv; json, a list of objects or one on each line; oneroster, files of a package.",
            valueName: "format"))
    var format = RosterPart.Format.csv.rawValue

    @Option(
        help: ArgumentHelp(
            "utf-8, utf-16, windows-1252 or shift_jis.", valueName: "name"))
    var encoding = TextEncoding.utf8.rawValue

    @Option(
        help: ArgumentHelp(
            "The most bytes of a message; brokers take 1 MiB by default.", valueName: "size"))
    var partSize = "512KiB"

    @OptionGroup var sending: SendingOptions
    @OptionGroup var waiting: EnqueueWaitOptions

    func validate() throws {
        if roster.isEmpty { throw ValidationError("--roster: expected a name, got \"\"") }
        if files.count(where: { $0 == "-" }) > 1 || files.count > 1 && files.contains("-") {
            throw ValidationError("expected - alone, got other files beside it")
        }
        _ = try request()
        _ = try EnqueueArgument.choice(encoding, of: "--encoding", TextEncoding.self)
        _ = try partBytes()
        if isPackage, encoding != TextEncoding.utf8.rawValue {
            throw ValidationError(
                "--encoding: expected utf-8, as OneRoster demands, got \(encoding.quotedForMessage)"
            )
        }
        let names = isPackage ? [] : try files.map(fileName)
        if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("expected files of different names, got \(name) twice")
        }
        try sending.validate()
        try waiting.validate()
    }

    func run() throws {
        let settings =
            isPackage
            ? try common.settings(requiring: .brokers, .catalog)
            : try common.settings(requiring: .brokers)
        let envelope = try sending.envelope()
        let limits = EnqueueLimits(settings.limits)
        do {
            let sender = RosterSender(
                request: try request(), envelope: envelope, key: sending.key, limits: limits)
            let reading = try reading(settings, sender)
            let roster = RosterFiles(
                files: isPackage ? try package(reading, settings) : try open(reading, settings))
            let (count, faults) = try roster.check(settings.roster)
            if faults.count > 0 { throw faults.report() }
            let run = try EnqueueRun(
                settings, topic: sending.topic, waiting, total: count, isOneJob: true)
            try sender.send(roster, count, run.open())
        } catch let error as FileError {
            complain("\(error)")
            throw ExitCode.wrongUsage
        } catch let error as MessageFault {
            complain(error.message)
            throw ExitCode.wrongUsage
        }
    }

    /// The path is not of a file but of a whole package.
    var isPackage: Bool {
        format == RosterPart.Format.oneroster.rawValue && files.count == 1
            && OneRoster.Package.isPackage(files[0])
    }

    private func open(_ reading: RosterReading, _ settings: Settings) throws -> [RosterFile] {
        try files.map { path in
            let opened = try InputFile(path)
            let input =
                opened.version == nil
                ? try opened.spooled(max: settings.roster.fileBytes) : opened
            return RosterFile(input, name: try fileName(path), reading)
        }
    }

    private func reading(_ settings: Settings, _ sender: RosterSender) throws -> RosterReading {
        RosterReading(
            format: try EnqueueArgument.choice(format, of: "--format", RosterPart.Format.self),
            encoding: try EnqueueArgument.choice(encoding, of: "--encoding", TextEncoding.self),
            limits: settings.roster,
            partBytes: min(try partBytes(), settings.limits.messageBytes),
            messageBytes: sender.messageBytes)
    }

    private func request() throws -> RosterRequest {
        var request = RosterRequest(
            roster, target: try target.map { try EnqueueArgument.value($0, of: "--target") })
        request.format = try EnqueueArgument.choice(
            format, of: "--format", RosterPart.Format.self)
        request.mode = try EnqueueArgument.choice(mode, of: "--mode", Job.Mode.self)
        request.isExact = exact
        request.confirmsRemovals = confirmRemovals
        request.isDryRun = dryRun
        return request
    }

    /// What messages call a file: nothing where there is but one.
    private func fileName(_ path: String) throws -> String {
        guard files.count > 1 || format == RosterPart.Format.oneroster.rawValue else { return "" }
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        guard path != "-", !name.isEmpty else {
            throw ValidationError(
                "expected a file whose name says what it is, got \(path.quotedForMessage)")
        }
        return name
    }

    private func partBytes() throws -> Int {
        guard let bytes = ByteCount.parse(partSize), bytes >= 4_096 else {
            throw ValidationError(
                "--part-size: expected a size of at least 4KiB such as 512KiB, got "
                    + partSize.quotedForMessage)
        }
        return bytes
    }
}
