import Kafka
import Postgres

/// A stream on its way through the workers of a rig, beside what the reference makes of it.
public final class Trial {
    public let rig: Rig
    public let stream: JobStream
    public private(set) var connection: Connection
    private let expectation: Expectation

    /// Executes the stream with the reference; nothing is sent yet.
    public init(_ stream: JobStream, on rig: Rig) throws {
        self.rig = rig
        self.stream = stream
        connection = try rig.connect()
        expectation = try Oracle(connection: connection).execute(stream)
    }

    /// Connects again after the server was stopped.
    public func reconnect() throws { connection = try rig.connect() }

    /// Sends the next messages of the stream, all that are left unless it is told how many.
    public func send(_ count: Int? = nil) throws {
        let start = rig.places.count
        let end = count.map { min(start + $0, stream.messages.count) } ?? stream.messages.count
        try rig.send(stream.messages[start..<end], of: stream)
    }

    /// Waits until so many messages are accounted for, all of them unless it is told how many.
    ///
    /// It gives up when nothing goes on any more, however much there is to do.
    public func waitUntilDone(_ count: Int? = nil) throws {
        let count = count ?? stream.accountable
        var done = -1
        while done < count {
            let before = done
            try rig.wait("more than \(before) of \(count) messages are accounted for") {
                if let end = rig.unexpectedEnd { throw Rig.Trouble(end) }
                done = try Rig.accounted(on: connection)
                return done > before
            }
        }
    }

    /// Offsets that are committed although something before them has left nothing behind.
    public func prematureCommits() throws -> [String] {
        // The offsets first: what is accounted for later does no harm.
        let lags = try rig.lags()
        let accounted = try Ledger.accounted(on: connection)
        let sent = zip(stream.messages, rig.places).filter { $0.0.content != .tombstone }.map(\.1)
        let open = Set(sent).subtracting(accounted)
        return lags.flatMap { lag in
            let committed = lag.committed ?? 0
            return open.filter { $0.partition == lag.topicPartition && $0.offset < committed }
                .sorted().map { "\($0): expected it to be done, got offset \(committed) committed" }
        }
    }

    /// Sends the rest, waits for it, stops the workers and compares everything.
    ///
    /// - Parameter isRebalancing: the group may still be about to move partitions, or its brokers be in
    ///   trouble.
    /// - Returns: everything that is not as it must be.
    public func finish(isRebalancing: Bool = false) throws -> [String] {
        try send()
        try waitUntilDone()
        var findings: [String] = []
        for (number, name) in rig.workers.keys.sorted().enumerated() {
            // A worker that is stopped while no broker takes its commits leaves offsets to the next:
            // then it is waited for that they are committed, and else it must do that at its end.
            if number > 0 || isRebalancing { try waitUntilNothingLags() }
            if let problem = try rig.stop(name) { findings.append(problem) }
        }
        let lags = try rig.lags().filter { $0.lag > 0 }
        if !lags.isEmpty {
            let text = lags.map { "\($0.topicPartition) \($0.lag)" }.joined(separator: ", ")
            findings.append("expected no lag, got \(text)\n\(rig.logs)")
        }
        return try findings + audit()
    }

    /// Waits until a session of the database waits for another.
    public func waitForLock() throws {
        try rig.wait("somebody waits for a lock") {
            try connection.execute(
                """
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            ).count > 0
        }
    }

    /// Waits until Kafka and the database both have the end of every partition.
    ///
    /// The database counts, too: a worker that takes a partition over reads again from where the
    /// database remembers, and what it commits then may lie below what Kafka had.
    public func waitUntilNothingLags() throws {
        var behind: [String] = []
        do {
            try rig.wait("nothing lags") {
                let remembered = try rig.remembered(on: connection)
                behind = try rig.lags().compactMap { lag in
                    let saved = remembered[lag.topicPartition] ?? 0
                    guard lag.lag > 0 || saved < lag.high else { return nil }
                    return "\(lag.topicPartition): expected \(lag.high), got \(lag.committed ?? 0) "
                        + "in Kafka and \(saved) in the database"
                }
                return behind.isEmpty
            }
        } catch let trouble as Rig.Trouble {
            throw Rig.Trouble("\(behind)\n\(trouble)")
        }
    }

    /// Compares what is in the database with what the reference says.
    public func audit() throws -> [String] {
        Audit.findings(stream, expectation, places: rig.places, try Ledger(on: connection))
    }
}
