import Glibc
import Jobs
import Postgres

/// Jobs that were sent and whose end is awaited.
///
/// ```swift
/// var watch = JobWatch([sent])
/// let result = try watch.wait(with: reader, until: .now + .seconds(600)) { job, end in print(end) }
/// ```
public struct JobWatch {
    /// How a wait ended.
    public enum Result: Sendable, Hashable {
        /// All jobs have ended.
        case ended
        /// The time is up; ``JobWatch/pending`` jobs have not ended.
        case timedOut
        /// The pause asked to stop; ``JobWatch/pending`` jobs have not ended.
        case interrupted
    }

    /// How many jobs one query asks for.
    static let chunkSize = 5_000
    private static let firstPause = Duration.milliseconds(20)
    private static let longestPause = Duration.seconds(1)
    /// How long the database may be away before a wait gives up.
    private static let patience = Duration.seconds(30)

    /// The jobs that have not ended, in the order in which they were sent.
    private var chunks: [ArraySlice<SentJob>] = []
    private let since: Timestamp?
    /// How many jobs have not ended.
    public private(set) var pending: Int

    /// - Parameters:
    ///   - jobs: in the order in which they were sent, which is about that in which they end.
    ///   - since: the server's time before the first was sent; see
    ///     ``JobStatusReader/ends(of:since:)``.
    public init(_ jobs: [SentJob], since: Timestamp? = nil) {
        self.since = since
        pending = jobs.count
        for start in stride(from: 0, to: jobs.count, by: Self.chunkSize) {
            chunks.append(jobs[start..<min(jobs.count, start + Self.chunkSize)])
        }
    }

    /// Asks once what has ended.
    ///
    /// It asks for the jobs sent first and goes on only while it finds some that have ended: the
    /// cost of a call is bounded by what there is to tell.
    public mutating func poll(
        _ reader: JobStatusReader, onEnd: (SentJob, JobEnd) -> Void
    ) throws(PostgresError) {
        defer { chunks.removeAll(where: \.isEmpty) }
        for index in chunks.indices {
            let jobs = chunks[index]
            let ends = try reader.ends(of: jobs, since: since)
            if ends.isEmpty { return }
            // Counted before the caller hears of it, so that nothing is told twice.
            chunks[index] = jobs.indices.filter { ends[$0] == nil }.map { jobs[$0] }[...]
            pending -= ends.count
            for position in jobs.indices {
                if let end = ends[position] { onEnd(jobs[position], end) }
            }
        }
    }

    /// Waits until all jobs have ended, asking at first every 20 ms and at last every second.
    ///
    /// A database that goes away is asked again for up to 30 s.
    ///
    /// - Parameters:
    ///   - deadline: when to give up; at least one question is asked.
    ///   - pause: waits for the time, or less; false ends the wait.
    ///   - onEnd: called once for each job.
    public mutating func wait(
        with reader: JobStatusReader, until deadline: ContinuousClock.Instant,
        pause: (Duration) -> Bool = sleep, onEnd: (SentJob, JobEnd) -> Void
    ) throws(PostgresError) -> Result {
        var delay = Self.firstPause
        var lastAnswer = ContinuousClock.now
        while true {
            do throws(PostgresError) {
                try reader.reconnectIfBroken()
                try poll(reader, onEnd: onEnd)
                lastAnswer = .now
            } catch {
                guard error.isPassing, .now < min(lastAnswer + Self.patience, deadline) else {
                    throw error
                }
            }
            if pending == 0 { return .ended }
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero { return .timedOut }
            guard pause(min(delay, left)) else { return .interrupted }
            delay = min(delay * 1.5, Self.longestPause)
        }
    }

    /// Sleeps on this thread.
    public static func sleep(_ duration: Duration) -> Bool {
        let (seconds, attoseconds) = duration.components
        var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        while nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
        return true
    }
}

extension PostgresError {
    /// Whether it goes away when the server or its network comes back.
    fileprivate var isPassing: Bool {
        isConnectionLost || sqlState?.class == "57" || sqlState?.class == "08"
    }
}
