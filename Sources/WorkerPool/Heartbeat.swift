import Dispatch
import Postgres
import Store
import Synchronization

/// Says in the database, at a fixed interval, that the worker is alive.
///
/// It has a connection and a queue of its own: no transaction, however long, keeps it silent.
// @unchecked because what varies is touched on `queue` alone, which is serial.
final class Heartbeat: @unchecked Sendable {
    /// What it says.
    struct Pulse: Sendable {
        var state: String
        var inFlight: Int
        var partitions: Int
        /// What keeps the worker from going on; nil if nothing does.
        var waitsFor: String?
    }

    private let queue = DispatchQueue(label: "rollcall.heartbeat")
    private let settings: PoolSettings
    private let receipts: Receipts
    private let stop: StopSignal
    private let beaten = Mutex<ContinuousClock.Instant?>(nil)
    private var connection: OwnConnection
    /// Who held what the worker waited for when somebody last looked.
    private var blockers: [String] = []
    private var isLooking = false

    init(settings: PoolSettings, receipts: Receipts, stop: StopSignal) {
        self.settings = settings
        connection = OwnConnection(settings)
        self.receipts = receipts
        self.stop = stop
    }

    /// Beats until the worker stops, with what the closure says each time.
    func start(_ pulse: @escaping @Sendable () -> Pulse) { queue.async { self.beat(pulse) } }

    /// When it said so last; nil if it has not yet.
    var lastBeat: ContinuousClock.Instant? { beaten.withLock { $0 } }

    /// Takes the worker off the list, if the database answers in time.
    func retire(within time: Duration) {
        let isRetired = DispatchSemaphore(value: 0)
        queue.async {
            if let connection = self.connection.current, connection.isUsable {
                try? self.receipts.retire(on: connection)
            }
            self.connection.close()
            isRetired.signal()
        }
        _ = isRetired.wait(timeout: .now() + time.seconds)
    }

    /// Looks who holds what the worker is going to wait for.
    ///
    /// - Parameter time: when it is waiting; afterwards nobody can tell.
    func lookForBlockers(after time: Duration) {
        queue.async {
            guard !self.isLooking, !self.stop.isStopped else { return }
            self.isLooking = true
            self.queue.asyncAfter(deadline: .now() + time.seconds) {
                self.isLooking = false
                let found = try? self.receipts.blockers(on: self.connection.usable())
                if let found, !found.isEmpty { self.blockers = found }
            }
        }
    }

    private func beat(_ pulse: @escaping @Sendable () -> Pulse) {
        guard !stop.isStopped else { return }
        // A database that does not answer is the lanes' news; here the next beat tries again.
        do {
            try send(pulse())
            beaten.withLock { $0 = .now }
        } catch {
            connection.close()
        }
        queue.asyncAfter(deadline: .now() + settings.heartbeatInterval.seconds) {
            self.beat(pulse)
        }
    }

    private func send(_ pulse: Pulse) throws {
        let connection = try self.connection.usable()
        if pulse.waitsFor == nil { blockers = [] }
        let holders = blockers.isEmpty ? "" : ", held by \(blockers.joined(separator: ", "))"
        try receipts.beat(
            pulse.state, host: settings.host, version: settings.version, lanes: settings.lanes,
            inFlight: pulse.inFlight, partitions: pulse.partitions,
            waitsFor: pulse.waitsFor.map { $0 + holders }, on: connection)
    }
}

extension Duration {
    /// As a number of seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
