import Kafka
import Postgres
import Store

/// The dead letters that are committed, as they are published: in the order of their table.
struct DeadLetterPages: Outbox {
    /// The most that one transaction publishes, and about what it holds in memory.
    private static let pageLetters = 500
    private static let pageBytes = 4 * 1_024 * 1_024

    let name = "dead letters"
    let gathering = Duration.zero
    private let outbox: DeadLetterOutbox
    private let group: String

    /// - Parameter group: the consumer group whose letters they are.
    init(_ schema: StatusSchema, group: String) {
        outbox = DeadLetterOutbox(schema)
        self.group = group
    }

    func publishPage(
        with sender: () throws(KafkaError) -> RecordSender, on connection: Connection,
        until deadline: ContinuousClock.Instant
    ) throws -> OutboxPage {
        var outcome = OutboxPage()
        let page = try outbox.claim(
            letters: Self.pageLetters, bytes: Self.pageBytes, on: connection)
        guard page.count > 0 else { return outcome }
        let fates = try sender().send(page.count, until: deadline) { row in
            OutboxRecord(DeadLetterRecord(try page.letter(row), group: group))
        }
        var marks: [DeadLetterOutbox.Mark] = []
        for (row, fate) in fates.enumerated() where outcome.note(fate, "\(page.id(row))") {
            var refusal: String?
            if case .refused(let reason) = fate { refusal = reason }
            marks.append(DeadLetterOutbox.Mark(id: page.id(row), refusal: refusal))
        }
        try outbox.mark(marks, on: connection)
        return outcome
    }
}

extension OutboxRecord {
    fileprivate init(_ letter: DeadLetterRecord) {
        self.init(key: letter.key, value: letter.value, headers: letter.headers)
    }
}
