import Dispatch
import Postgres
import Store

/// Says in the database, at a fixed interval, that the worker is alive.
///
/// It has a connection and a queue of its own: no transaction, however long, keeps it silent.
// @unchecked because `connection` is touched on `queue` alone, which is serial.
final class Heartbeat: @unchecked Sendable {
    /// What it says.
    struct Pulse: Sendable {
        var state: String
        var inFlight: Int
        var partitions: Int
    }

    private let queue = DispatchQueue(label: "rollcall.heartbeat")
    private let settings: PoolSettings
    private let receipts: Receipts
    private let stop: StopSignal
    private var connection: Connection?

    init(settings: PoolSettings, receipts: Receipts, stop: StopSignal) {
        self.settings = settings
        self.receipts = receipts
        self.stop = stop
    }

    /// Beats until the worker stops, with what the closure says each time.
    func start(_ pulse: @escaping @Sendable () -> Pulse) { queue.async { self.beat(pulse) } }

    /// Takes the worker off the list, if the database can be asked within two seconds.
    func retire() {
        let isRetired = DispatchSemaphore(value: 0)
        queue.async {
            if let connection = self.connection, connection.isUsable {
                try? self.receipts.retire(on: connection)
            }
            self.connection?.close()
            isRetired.signal()
        }
        _ = isRetired.wait(timeout: .now() + 2)
    }

    private func beat(_ pulse: @escaping @Sendable () -> Pulse) {
        guard !stop.isStopped else { return }
        // A database that does not answer is the lanes' news; here the next beat tries again.
        try? send(pulse())
        queue.asyncAfter(deadline: .now() + settings.heartbeatInterval.seconds) {
            self.beat(pulse)
        }
    }

    private func send(_ pulse: Pulse) throws {
        let connection = try usableConnection()
        try receipts.beat(
            pulse.state, host: settings.host, version: settings.version, lanes: settings.lanes,
            inFlight: pulse.inFlight, partitions: pulse.partitions, on: connection)
    }

    private func usableConnection() throws -> Connection {
        if let connection {
            try connection.reconnectIfBroken()
            return connection
        }
        let fresh = try Connection(
            settings.conninfo, applicationName: "rollcall/\(settings.workerID)",
            connectTimeoutSeconds: settings.connectTimeoutSeconds)
        connection = fresh
        return fresh
    }
}

extension Duration {
    /// As a number of seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
