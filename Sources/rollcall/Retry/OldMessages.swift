import ArgumentParser
import Jobs
import Kafka
import Postgres
import Store

/// Finds the messages that a job came with: in its dead letter, or where they stand in Kafka.
struct OldMessages {
    /// A message and the event in it.
    struct Message {
        let key: [UInt8]?
        let event: CloudEvent
        let job: Job
    }

    /// Nobody has it any more.
    struct Gone: Error {
        let reason: String
    }

    private static let patienceMilliseconds: Int32 = 60_000

    let settings: Settings
    let letters: DeadLetterQuery
    let connection: Connection
    private let reader: RecordReader
    private let admin: Admin

    init(_ settings: Settings, on connection: Connection) throws {
        self.settings = settings
        self.connection = connection
        letters = DeadLetterQuery(StatusSchema(name: settings.database.schema))
        do {
            let properties = settings.kafka.clientProperties
            reader = try RecordReader(properties, group: settings.kafka.group, log: { _ in })
            admin = try Admin(properties, log: { _ in })
        } catch {
            complain("\(error)")
            throw ExitCode.configuration
        }
    }

    /// All messages of a job, the parts of an import in the order of their numbers.
    ///
    /// - Throws: ``Gone``, `KafkaError` or `PostgresError`.
    func messages(of job: StatusQuery.Job) throws -> [Message] {
        if job.kind != Job.Kind.rosterImport.rawValue, let kept = try letter(of: job) {
            return [kept]
        }
        let parts = try inTopic(job)
        guard let first = parts.first?.job.rosterPart else { return parts }
        return try whole(parts, first.count, job)
    }

    private func whole(_ parts: [Message], _ count: Int, _ job: StatusQuery.Job) throws(Gone)
        -> [Message]
    {
        var byNumber: [Int: Message] = [:]
        for part in parts { byNumber[part.job.rosterPart?.number ?? 0] = part }
        let missing = (1...count).filter { byNumber[$0] == nil }
        guard missing.isEmpty else {
            throw Gone(
                reason: "expected all \(count) parts of the import in "
                    + "\(job.topic)[\(job.partition)] from offset \(job.offset) on, got "
                    + "\(count - missing.count): the first that is not there is part \(missing[0])")
        }
        return (1...count).compactMap { byNumber[$0] }
    }

    private func letter(of job: StatusQuery.Job) throws -> Message? {
        var filter = DeadLetterQuery.Filter()
        filter.job = job.id
        filter.includesResolved = true
        for summary in try letters.page(filter, before: nil, limit: 10, on: connection) {
            guard let letter = try letters.letter(summary.id, on: connection)?.letter,
                let value = letter.value,
                let found = message(letter.key, value, letter.headers, of: job.id)
            else { continue }
            return found
        }
        return nil
    }

    /// Reads from where the job stood: the parts of an import stand behind the first, under one key.
    private func inTopic(_ job: StatusQuery.Job) throws -> [Message] {
        let place = TopicPartition(topic: job.topic, partition: Int32(job.partition))
        var found: [Message] = []
        var isFirst = true
        var firstOffset: Int64?
        _ = try reader.forEach(
            from: [place: Int64(job.offset)], timeoutMilliseconds: Self.patienceMilliseconds
        ) { record in
            defer { isFirst = false }
            if isFirst { firstOffset = record.offset }
            guard let value = record.value else { return !isFirst }
            let headers = record.headers.map { (name: $0.name, value: $0.value) }
            if let own = message(record.key, value, headers, of: job.id) { found.append(own) }
            // What stands there is another message: its place was taken.
            guard let part = found.first?.job.rosterPart else { return false }
            return Set(found.compactMap { $0.job.rosterPart?.number }).count < part.count
        }
        guard found.isEmpty else { return found }
        let low = try earliest(place)
        let what =
            firstOffset == Int64(job.offset)
            ? "another message" : "none; the earliest offset there is is \(low)"
        throw Gone(
            reason: "expected its message at \(job.topic)[\(job.partition)] @ \(job.offset), got "
                + "\(what); no dead letter has it either: enqueue the job again from where it came")
    }

    private func earliest(_ place: TopicPartition) throws -> String {
        let lags = try admin.lag(
            group: settings.kafka.group, topics: [place.topic],
            timeoutMilliseconds: Self.patienceMilliseconds)
        return lags.first { $0.topicPartition == place }.map { "\($0.low)" } ?? "not known"
    }

    /// The message, if it is the job's.
    private func message(
        _ key: [UInt8]?, _ value: [UInt8], _ headers: [(name: String, value: [UInt8]?)],
        of id: JobID
    ) -> Message? {
        guard
            let event = try? CloudEvent(
                value: value, headers: headers, depth: settings.limits.jsonDepth),
            event.id == id, let job = try? Job(event)
        else { return nil }
        return Message(key: key, event: event, job: job)
    }
}
