internal import CLibrdkafka
internal import Synchronization

/// What the C callbacks of one client may reach.
///
/// Its client's handle keeps it alive.
final class ClientContext: Sendable {
    let log: @Sendable (LogLine) -> Void
    /// Whom partition changes concern; nil for clients that consume nothing.
    let rebalance: Rebalance?
    /// Errors that belong to no call, until the next poll takes them.
    private let errors = Mutex<[KafkaError]>([])
    private let committed = Mutex<Set<TopicPartition>>([])

    init(log: @escaping @Sendable (LogLine) -> Void, rebalance: Rebalance? = nil) {
        self.log = log
        self.rebalance = rebalance
    }

    func report(_ error: KafkaError) {
        errors.withLock { errors in
            // A client that nobody polls must not grow; the newest errors say most.
            if errors.count >= ClientContext.errorsMax { errors.removeFirst() }
            errors.append(error)
        }
    }

    func takeErrors() -> [KafkaError] {
        errors.withLock { errors in
            let taken = errors
            errors = []
            return taken
        }
    }

    func noteCommitted(_ partitions: [TopicPartition]) {
        committed.withLock { $0.formUnion(partitions) }
    }

    func takeCommitted() -> Set<TopicPartition> {
        committed.withLock { committed in
            defer { committed = [] }
            return committed
        }
    }

    private static let errorsMax = 100

    /// The context that a client was made with, which it has from its first callback on.
    static func of(_ client: OpaquePointer?) -> ClientContext? {
        guard let client, let opaque = rd_kafka_opaque(client) else { return nil }
        return Unmanaged<ClientContext>.fromOpaque(opaque).takeUnretainedValue()
    }
}

/// Called by librdkafka on any of its threads, already while the client is made.
func clientLogged(
    _ client: OpaquePointer?, _ level: Int32, _ facility: UnsafePointer<CChar>?,
    _ message: UnsafePointer<CChar>?
) {
    guard let context = ClientContext.of(client), let facility, let message else { return }
    context.log(
        LogLine(
            level: Int(level), facility: String(cString: facility),
            message: String(cString: message)))
}

/// Called by librdkafka inside a poll of the client.
func clientFailed(
    _ client: OpaquePointer?, _ code: Int32, _ reason: UnsafePointer<CChar>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let client, let context = ClientContext.of(client) else { return }
    let code = rd_kafka_resp_err_t(rawValue: code)
    if code == RD_KAFKA_RESP_ERR__FATAL {
        context.report(KafkaError(fatalOf: client, doing: "polling"))
    } else {
        context.report(
            KafkaError(code, reason.map { String(cString: $0) }, doing: "polling"))
    }
}
