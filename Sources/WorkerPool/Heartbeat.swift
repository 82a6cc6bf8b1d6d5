import Dispatch
import Postgres
import Store
import Synchronization

/// Says in the database, at a fixed interval, that the worker is alive; looks whether the schema is still
/// one that it can work with and, every second, whether people have paused something.
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
    private let migrator: Migrator
    private let controls: ControlStore
    private let stop: StopSignal
    private let beaten = Mutex<ContinuousClock.Instant?>(nil)
    private let mismatch = Mutex<Migrator.State?>(nil)
    private var connection: OwnConnection
    /// Who held what the worker waited for when somebody last looked.
    private var blockers: [String] = []
    private var isLooking = false
    /// Why nobody could tell what is paused.
    private var lookFailure: String?

    /// Whoever pauses something is obeyed within two of them.
    private static let lookInterval = 1.0

    init(settings: PoolSettings, receipts: Receipts, schema: StatusSchema, stop: StopSignal) {
        self.settings = settings
        connection = OwnConnection(settings)
        self.receipts = receipts
        migrator = Migrator(schema)
        controls = ControlStore(schema)
        self.stop = stop
    }

    /// Beats until the worker stops, with what the closure says each time.
    ///
    /// - Parameter onLook: is told what is paused; while the database is away that is what it was.
    func start(
        _ pulse: @escaping @Sendable () -> Pulse,
        onLook: @escaping @Sendable (Set<Control>) -> Void
    ) {
        queue.async {
            self.look(onLook)
            self.beat(pulse)
        }
    }

    /// When it said so last; nil if it has not yet.
    var lastBeat: ContinuousClock.Instant? { beaten.withLock { $0 } }

    /// Why the worker has been stopped: somebody has migrated the schema away from under it.
    var schemaMismatch: Migrator.State? { mismatch.withLock { $0 } }

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
            try checkSchema()
            beaten.withLock { $0 = .now }
        } catch {
            connection.close()
        }
        queue.asyncAfter(deadline: .now() + settings.heartbeatInterval.seconds) {
            self.beat(pulse)
        }
    }

    private func checkSchema() throws {
        let state = try migrator.state(on: connection.usable())
        // A schema that is gone may be one that is being restored: nothing is written to it meanwhile.
        if case .old(version: 0, _) = state { return }
        guard !state.fits else { return }
        mismatch.withLock { $0 = state }
        stop.stop()
    }

    private func look(_ then: @escaping @Sendable (Set<Control>) -> Void) {
        guard !stop.isStopped else { return }
        do {
            then(try controls.look(on: connection.usable()))
            lookFailure = nil
        } catch {
            lookFailure = "what is paused: \(error)"
            connection.close()
        }
        queue.asyncAfter(deadline: .now() + Self.lookInterval) { self.look(then) }
    }

    private func send(_ pulse: Pulse) throws {
        let connection = try self.connection.usable()
        if pulse.waitsFor == nil { blockers = [] }
        let holders = blockers.isEmpty ? "" : ", held by \(blockers.joined(separator: ", "))"
        try receipts.beat(
            pulse.state, host: settings.host, version: settings.version, lanes: settings.lanes,
            inFlight: pulse.inFlight, partitions: pulse.partitions,
            waitsFor: pulse.waitsFor.map { $0 + holders } ?? lookFailure, on: connection)
    }
}

extension Duration {
    /// As a number of seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
