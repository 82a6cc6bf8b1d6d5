import Jobs

/// A request for a backfill: the data of a backfill job.
///
/// ```swift
/// var order = BackfillOrder("authorized-users", scope: ["product_id": 17])
/// order.isDryRun = true
/// ```
public struct BackfillOrder: Sendable, Hashable {
    /// The name of the backfill in the catalog.
    public var backfill: String
    /// The values of the parameters that it declares.
    public var scope: [String: Value]
    /// It runs although its definition has not changed since it last finished.
    public var isForced = false
    /// Everything is done and rolled back, part by part; the status shows what would have happened.
    public var isDryRun = false
    /// The most rows that all workers together walk in a second; nil for as many as they can.
    public var maxRowsPerSecond: Int?

    public init(_ backfill: String, scope: [String: Value] = [:]) {
        self.backfill = backfill
        self.scope = scope
    }

    /// The `data` of the event, in JSON.
    ///
    /// What is left at its default is left out, so that the same request is the same bytes.
    ///
    /// - Throws: `invalid-data` for a number that is none in JSON.
    public func data() throws(MessageFault) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{\"backfill\":")
        json.string(backfill)
        if !scope.isEmpty {
            json.raw(",\"scope\":")
            try json.object(scope)
        }
        if isForced { json.raw(",\"force\":true") }
        if isDryRun { json.raw(",\"dry_run\":true") }
        if let maxRowsPerSecond {
            json.raw(",\"max_rows_per_second\":")
            json.raw("\(maxRowsPerSecond)".utf8)
        }
        json.raw("}")
        return json.bytes
    }
}
