import Catalog
import Execution
import Jobs
import Postgres
import Store

/// How a desk imports a system's rosters.
extension SystemDesk {
    static func rosters(
        _ text: String, _ plans: [String: RelationPlan], on connection: Connection
    ) throws -> (executor: RosterExecutor, findings: [Finding]) {
        let catalog = try Catalog(files: [("bundled.yaml", text)])
        let (own, findings) = try RosterRelations.compile(catalog, on: connection)
        let executor = RosterExecutor(
            plans: RosterPlan.plans(
                of: catalog, relations: plans, own: own, schema: StatusSchema()),
            store: RosterStore(StatusSchema(), worker: "tester"), limits: executionLimits,
            rosterLimits: RosterLimits(chunkRows: 7), schema: StatusSchema())
        return (executor, findings)
    }

    /// Takes a file in and works until its import has ended.
    ///
    /// - Parameter more: fields of the data beside the roster's, the target's and the content's.
    func importRoster(
        _ roster: String, target: String?, _ file: String, _ more: String = "", lanes: Int = 1
    ) throws -> Ending {
        var json = JSONWriter()
        json.raw("\"roster\":")
        json.string(roster)
        if let target {
            json.raw(",\"target\":")
            json.string(target)
        }
        json.raw(",\"format\":\"csv\",\"content\":")
        json.string(file)
        let message = try message(
            "roster-import",
            String(decoding: json.bytes, as: UTF8.self) + (more.isEmpty ? "" : ",\(more)"))
        try execute([message])
        try work(lanes: lanes)
        return try ending(message)
    }

    /// Why a job has failed as a whole.
    func failures() throws -> [String] {
        try rows("SELECT error_code, error_message FROM rollcall.jobs WHERE state = 'failed'")
    }
}
