import Glibc
import Kafka
import Sandbox

/// One run of a stream through workers while things go wrong, and its audit.
public struct Proof {
    /// What the workers are like.
    public struct Shape: Sendable {
        public var workers = 1
        public var brokers = 1
        public var environment = Rig.smallBatches

        public init() {}
    }

    private let faults: [Fault]
    private let rig: Rig
    private let trial: Trial
    private let proxy: Proxy
    private var names: [String] = []
    private var coordinator: Int32 = 1
    private var findings: [String] = []

    /// Runs a stream and its faults.
    ///
    /// The stream is sent in as many pieces as there are faults and one, and each fault happens in
    /// the middle of its piece.
    ///
    /// - Returns: everything that is not as it must be.
    public static func findings(
        _ stream: JobStream, _ faults: [Fault], _ shape: Shape = Shape()
    ) throws -> [String] {
        var proof = try Proof(stream, faults, shape)
        return try proof.run(shape.workers)
    }

    private init(_ stream: JobStream, _ faults: [Fault], _ shape: Shape) throws {
        self.faults = faults
        rig = try Rig(
            brokers: shape.brokers, hasOwnServer: faults.contains(.restartDatabase),
            environment: shape.environment)
        trial = try Trial(stream, on: rig)
        proxy = try Proxy(to: rig.server.port)
    }

    private mutating func run(_ workers: Int) throws -> [String] {
        for _ in 0..<workers { try startAnother() }
        let stream = trial.stream
        for (number, fault) in faults.enumerated() {
            let count = stream.messages.count / (faults.count + 1)
            let sent = number * count..<(number + 1) * count
            try trial.send(count)
            try trial.waitUntilDone(
                stream.accountable(in: 0..<sent.lowerBound) + stream.accountable(in: sent) / 3)
            try provoke(fault)
            findings += try trial.prematureCommits()
        }
        try trial.send()
        return try findings
            + trial.finish(isRebalancing: faults.contains(where: \.concernsBrokers))
    }

    @discardableResult
    private mutating func startAnother() throws -> String {
        let name = "worker-\(rig.started.count)"
        names.append(name)
        // Everything goes through the proxy, which lets it pass until it is told otherwise.
        try rig.start(name, environment: ["ROLLCALL_DATABASE_URL": rig.conninfo(through: proxy)])
        return name
    }

    private mutating func provoke(_ fault: Fault) throws {
        switch fault {
        case .kill:
            rig.kill(names.removeFirst())
            try startAnother()
        case .terminate:
            if let problem = try rig.stop(names.removeFirst()) { findings.append(problem) }
            try startAnother()
        case .freeze(let milliseconds):
            let worker = rig.workers[names[0]]
            worker?.terminate(SIGSTOP)
            usleep(UInt32(milliseconds) * 1_000)
            worker?.terminate(SIGCONT)
        case .zombie:
            let frozen = names.removeFirst()
            rig.workers[frozen]?.terminate(SIGSTOP)
            try rig.waitForPartitions(try startAnother())
            rig.workers[frozen]?.terminate(SIGCONT)
        case .endSessions:
            try rig.endSessions(on: trial.connection)
        case .restartDatabase:
            try rig.server.restart(mode: .immediate)
            try trial.reconnect()
        case .refuse(let request, let error, let times):
            rig.broker.failRequests(
                apiKey: request.rawValue, errors: Array(repeating: error, count: times))
        case .brokerAway(let milliseconds):
            try rig.broker.setDown(broker: -1)
            usleep(UInt32(milliseconds) * 1_000)
            try rig.broker.setUp(broker: -1)
        case .slowBroker(let milliseconds):
            try rig.broker.setRoundTrip(milliseconds: Int32(milliseconds))
        case .moveCoordinator:
            coordinator = coordinator % Int32(rig.brokers) + 1
            try rig.broker.setCoordinator(group: Rig.group, broker: coordinator)
        case .cut(let cut):
            proxy.cut(cut)
        }
    }
}

extension JobStream {
    /// The messages of a range that leave something behind.
    func accountable(in range: Range<Int>) -> Int {
        messages[range].count { $0.content != .tombstone }
    }
}
