/// Whether the poll loop and the lanes make progress.
///
/// A value. Nobody is taken for dead who waits for the database, however long: a worker that is started
/// anew waits for the same one. But who neither waits for it nor goes on will never go on.
public struct Liveness: Sendable, Equatable {
    /// Something that shall make progress.
    public struct Line: Sendable, Equatable {
        public let name: String
        /// What it is at, for people.
        public let state: String
        /// It makes none.
        public let isStalled: Bool
    }

    public let lines: [Line]

    public var isAlive: Bool { !lines.contains(where: \.isStalled) }

    /// What is to be expected at most.
    struct Limits {
        /// Between two turns of the poll loop.
        var turn: Duration
        /// Of a lane's work without the database.
        var work: Duration
        /// Of one answer of the database.
        var answer: Duration
    }

    /// - Parameter pollFor: how long the poll loop has been at its turn; nil before the first one.
    init(pollFor: Duration?, isStopping: Bool, lanes: [LanePulse], limits: Limits) {
        lines = [Self.poll(pollFor, isStopping, limits)] + lanes.map { Self.lane($0, limits) }
    }

    private static func poll(_ time: Duration?, _ isStopping: Bool, _ limits: Limits) -> Line {
        guard let time else {
            return Line(name: "poll loop", state: "starting", isStalled: false)
        }
        let what = isStopping ? "stopping for" : "at its turn for"
        let isStalled = time > limits.turn
        let excuse = isStalled ? ", expected at most \(limits.turn.secondsText)" : ""
        return Line(
            name: "poll loop", state: "\(what) \(time.secondsText)\(excuse)", isStalled: isStalled)
    }

    private static func lane(_ pulse: LanePulse, _ limits: Limits) -> Line {
        let name = "lane \(pulse.number)"
        let work: String
        switch pulse.work {
        case .idle:
            return Line(
                name: name, state: "idle for \(pulse.busyFor.secondsText)", isStalled: false)
        case .batch: work = "at a batch for \(pulse.busyFor.secondsText)"
        case .part: work = "at a part for \(pulse.busyFor.secondsText)"
        }
        if let wait = pulse.waitsFor {
            let excuse =
                wait > limits.answer
                ? ", longer than any statement may take: the server does not answer" : ""
            return Line(
                name: name,
                state: "\(work), waits for the database for \(wait.secondsText)\(excuse)",
                isStalled: false)
        }
        let isStalled = pulse.quietFor > limits.work
        let excuse =
            isStalled
            ? ", hangs outside the database for \(pulse.quietFor.secondsText), expected at most "
                + limits.work.secondsText : ""
        return Line(name: name, state: work + excuse, isStalled: isStalled)
    }
}

extension Duration {
    /// With a tenth, for people: `12.3 s`.
    fileprivate var secondsText: String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
