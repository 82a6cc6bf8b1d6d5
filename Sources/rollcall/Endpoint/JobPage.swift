import Dispatch
import Jobs
import Operations
import Postgres
import Store
import Synchronization

/// `/jobs/<id>`: what `rollcall status --json` says.
///
/// One question at a time, each over a connection that is closed after it: visitors take none from the
/// work. A few wait in line; more are sent away.
final class JobPage: Sendable {
    private static let lineMax = 8
    private static let rejectionsMax = 1_000
    private static let statementTimeout = "5s"

    private let queue = DispatchQueue(label: "rollcall.endpoint.jobs")
    private let settings: Settings
    private let line = Atomic<Int>(0)

    init(_ settings: Settings) { self.settings = settings }

    func answer(_ name: String, then: @escaping @Sendable (HTTPResponse) -> Void) {
        guard let id = JobID(name) else {
            let shown = name.prefix(80)
            return then(.text(400, "expected /jobs/ and a whole job id, a UUID, got \"\(shown)\""))
        }
        guard line.add(1, ordering: .relaxed).newValue <= Self.lineMax else {
            line.subtract(1, ordering: .relaxed)
            return then(.text(503, "\(Self.lineMax) questions wait already, ask again later"))
        }
        queue.async {
            let response = self.response(id)
            self.line.subtract(1, ordering: .relaxed)
            then(response)
        }
    }

    private func response(_ id: JobID) -> HTTPResponse {
        do {
            guard let detail = try detail(id) else {
                return .text(404, "no job \(id), or no worker has read it yet")
            }
            return HTTPResponse(
                status: 200, contentType: "application/json",
                body: Array((StatusJSON.job(detail) + "\n").utf8))
        } catch {
            return .text(503, "the job cannot be read now: \(error)")
        }
    }

    private func detail(_ id: JobID) throws -> StatusDetail? {
        let connection = try Connection(
            settings.database.url, applicationName: "rollcall/\(settings.worker.id)",
            connectTimeoutSeconds: settings.database.connectTimeoutSeconds)
        defer { connection.close() }
        let query = StatusQuery(StatusSchema(name: settings.database.schema))
        let opening = "BEGIN READ ONLY; SET LOCAL statement_timeout = '\(Self.statementTimeout)'"
        return try connection.transaction(opening: opening) {
            guard let job = try query.jobs([id], on: connection).first else { return nil }
            let codes = try query.rejectionCodes(of: [id], on: connection)
            let items = try query.rejections(of: [id], limit: Self.rejectionsMax, on: connection)
            return StatusDetail(job: job, codes: codes[id] ?? [], rejections: items[id] ?? [])
        }
    }
}
