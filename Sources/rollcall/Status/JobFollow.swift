import Glibc
import Jobs
import Postgres
import Store

/// Looks at jobs again and again until they have ended.
struct JobFollow {
    /// How things stood at one moment.
    struct Look {
        /// The jobs that a worker has read, in the order asked for.
        var jobs: [StatusQuery.Job] = []
        /// Those that none has read.
        var missing: [JobID] = []
        /// Why messages could not become jobs, by the ids of `missing`.
        var letters: [JobID: Jobs.Rejection] = [:]

        /// Whether nothing more is to come.
        var isOver: Bool {
            jobs.allSatisfy(\.state.isTerminal) && missing.allSatisfy { letters[$0] != nil }
        }
    }

    private let ids: [JobID]
    private let session: StatusSession
    private let deadline: ContinuousClock.Instant?
    private var pace = PollPace()
    private var isAway = false

    /// - Parameter timeout: the longest wait; nil for none.
    init(ids: [JobID], session: StatusSession, timeout: Duration?) {
        self.ids = ids
        self.session = session
        deadline = timeout.map { .now + $0 }
    }

    /// Looks once.
    func look() throws(PostgresError) -> Look {
        var look = Look()
        look.jobs = try session.query.jobs(ids, on: session.connection)
        let found = Set(look.jobs.map(\.id))
        look.missing = ids.filter { !found.contains($0) }
        look.letters = try session.query.deadLetters(of: look.missing, on: session.connection)
        return look
    }

    /// Looks until the jobs have ended or the time has run out.
    ///
    /// A database that goes away meanwhile is waited for as well.
    ///
    /// - Parameter show: called after each look.
    /// - Returns: the last look.
    mutating func untilEnd(_ show: (Look) throws -> Void = { _ in }) throws -> Look {
        var last = Look(missing: ids)
        while true {
            if let look = try lookIfPossible() {
                if look.jobs.map(WatchLine.init) != last.jobs.map(WatchLine.init) { pace.hurry() }
                last = look
                try show(look)
                if look.isOver { return look }
            }
            let left = deadline.map { ContinuousClock.now.duration(to: $0) }
            guard let pause = pace.pause(left: left) else { return last }
            usleep(useconds_t(pause / .microseconds(1)))
        }
    }

    /// A look, or nil while the database is away.
    private mutating func lookIfPossible() throws -> Look? {
        do {
            try session.connection.reconnectIfBroken()
            let look = try look()
            isAway = false
            return look
        } catch {
            guard error.isConnectionLost else { return try Database.reporting { throw error } }
            if !isAway { complain("\(error); still waiting") }
            isAway = true
            return nil
        }
    }
}
