import Kafka
import Postgres

/// What is committed in a table and still to be published.
protocol Outbox: Sendable {
    /// What it holds, for the log: `dead letters`.
    var name: String { get }
    /// How long more may gather once something is there.
    var gathering: Duration { get }

    /// Claims a page of it, sends it, and notes what became of it: all in the transaction that is open.
    ///
    /// - Parameter sender: makes the one that sends; not asked where there is nothing to send.
    func publishPage(
        with sender: () throws(KafkaError) -> RecordSender, on connection: Connection,
        until deadline: ContinuousClock.Instant
    ) throws -> OutboxPage
}

/// What became of a page.
struct OutboxPage {
    /// A record that can never be published.
    struct Refusal {
        let id: String
        let reason: String
    }

    /// How many of it are dealt with; none, and none that waits: there was nothing.
    var settled = 0
    var refusals: [Refusal] = []
    /// How many are still to be published.
    var waiting = 0
    /// Why the first of them has to wait, where that is known.
    var firstError: KafkaError?

    /// Notes what became of a record.
    ///
    /// - Returns: whether it is dealt with.
    mutating func note(_ fate: RecordFate, _ id: @autoclosure () -> String) -> Bool {
        switch fate {
        case .published:
            settled += 1
            return true
        case .refused(let reason):
            settled += 1
            refusals.append(Refusal(id: id(), reason: reason))
            return true
        case .refusedInCompany: break
        case .waits(let error): firstError = firstError ?? error
        }
        waiting += 1
        return false
    }
}
