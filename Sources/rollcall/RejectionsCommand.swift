import ArgumentParser
import Foundation
import Jobs
import Postgres
import Store

/// `rollcall rejections`: the rows of a file that an import has refused, to be mended and sent again.
struct RejectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejections",
        abstract: "Writes the refused rows of an import as a file that can be mended.",
        discussion: """
            The rows have their file's own columns, and one more that says why each was refused. The \
            file is safe to open in a spreadsheet, and is imported again as it is: that column is \
            left out then. Passwords are not kept, and have to be given again.

            Of a dry run, --all writes every row behind what would become of it, and whom an exact \
            import would remove.

            Exits with 3 if there is no such job, with 0 also where nothing was refused.

            Examples:
              rollcall rejections 4410ad09 --csv mended.csv
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "A job's id, its first 4 or more characters, or @last.", valueName: "job"),
        transform: JobReference.init)
    var job: JobReference

    @Option(
        help: ArgumentHelp("Write to this file, which must not exist yet.", valueName: "file"))
    var csv: String?

    @Option(
        help: ArgumentHelp(
            "Of an import of several files: the one, by its name.", valueName: "name"))
    var file = ""

    @Flag(help: "Of a dry run: all rows, with what would become of each.")
    var all = false

    private static let bufferedBytes = 64 * 1024

    func run() throws {
        let settings = try common.settings()
        let session = try ControlSession(settings)
        let job = try session.job(job)
        guard job.kind == Job.Kind.rosterImport.rawValue else {
            complain("\(job.id): expected an import of a roster, got \(job.kind)")
            throw ExitCode.wrongUsage
        }
        guard !all || job.isDryRun else {
            complain("\(job.id): expected a dry run for --all, got an import that was applied")
            throw ExitCode.wrongUsage
        }
        let output = try open()
        let store = RosterStore(
            StatusSchema(name: settings.database.schema), worker: settings.worker.id)
        var text = CSVWriter()
        var count = 0
        try Database.reporting {
            try store.forEachRow(
                of: job.id, file: file, isRefused: !all, on: session.connection
            ) { row in
                if count == 0 { text.write((heads + row.header).map(SpreadsheetGuard.guarded)) }
                count += 1
                // The reason stands first: a row with too few fields stays one.
                let reason = row.rejection.map { "\($0.code): \($0.message)" } ?? row.note ?? ""
                let verdict = all ? [row.outcome, reason] : [reason]
                text.write((verdict + row.values).map(SpreadsheetGuard.guarded))
                guard text.bytes.count >= Self.bufferedBytes else { return }
                try output.write(contentsOf: Data(text.bytes))
                text.removeAll()
            }
        }
        try output.write(contentsOf: Data(text.bytes))
        complain("\(job.id): \(NumberText.counted(count, "row")) \(all ? "in all" : "refused")")
    }

    private var heads: [String] {
        all ? ["outcome", SpreadsheetGuard.reasonHead] : [SpreadsheetGuard.reasonHead]
    }

    private func open() throws -> FileHandle {
        guard let csv else { return .standardOutput }
        let descriptor = Foundation.open(csv, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else {
            complain(
                "\(csv): expected a file that can be made, got \(String(cString: strerror(errno)))")
            throw ExitCode.failure
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
