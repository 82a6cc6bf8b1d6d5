import Catalog
import Kafka
import Logging
import Operations
import Postgres
import Store
import Synchronization
import WorkerPool

/// What a worker answers to probes, scrapers and people; read-only, on a port of its own.
///
/// It begins before the database has answered and ends after the last lane is still.
final class WorkerEndpoint: Sendable {
    /// How long a visitor waits for the database or the brokers.
    static let patience = Duration.seconds(2)

    private let database: Probe<Result<Migrator.State, any Error>>
    private let kafka: Probe<Result<[PartitionLag], KafkaError>>
    private let jobs: JobPage
    private let metrics: MetricsPage
    private let pool = Mutex<WorkerPool?>(nil)
    private let server = Mutex<HTTPServer?>(nil)

    /// - Throws: `ListeningFailed`.
    init(_ settings: Settings, port: UInt16, catalog: Catalog, logger: Logger) throws {
        let databaseQuestion = DatabaseQuestion(settings)
        database = Probe("rollcall.endpoint.database") { databaseQuestion.answer() }
        let brokerQuestion = BrokerQuestion(settings.kafka)
        kafka = Probe("rollcall.endpoint.kafka") { brokerQuestion.answer() }
        jobs = JobPage(settings)
        metrics = MetricsPage(settings, catalog)
        let server = try HTTPServer(address: settings.endpoint.address, port: port) {
            [weak self] request, then in
            guard let self else { return then(.text(503, "the worker is starting")) }
            answer(request, then)
        }
        self.server.withLock { $0 = server }
        server.start()
        let address = settings.endpoint.address
        logger.info(
            "endpoint listening",
            metadata: [
                "address": "\(address.contains(":") ? "[\(address)]" : address):\(server.port)"
            ])
    }

    /// From now on there is a pool to tell of.
    func attach(_ pool: WorkerPool) { self.pool.withLock { $0 = pool } }

    func stop() { server.withLock { $0 }?.stop() }

    // MARK: Answers

    private func answer(
        _ request: HTTPRequest, _ then: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        let pool = pool.withLock { $0 }
        switch request.path {
        case "/livez": then(Self.livez(pool))
        case "/readyz":
            Readiness.ask(database, kafka, pool?.stage) { then($0.response) }
        case "/metrics":
            Readiness.ask(database, kafka, pool?.stage) {
                then(self.metrics.response(pool?.reading(), $0))
            }
        case let path where path.hasPrefix("/jobs/"):
            jobs.answer(String(path.dropFirst("/jobs/".count)), then: then)
        default:
            then(.text(404, "expected /livez, /readyz, /metrics or /jobs/<id>"))
        }
    }

    private static func livez(_ pool: WorkerPool?) -> HTTPResponse {
        guard let liveness = pool?.liveness() else {
            return .text(200, "alive\nok    the worker is starting")
        }
        let lines = liveness.lines.map {
            "\($0.isStalled ? "hangs" : "ok   ") \($0.name): \($0.state)"
        }
        let head = liveness.isAlive ? "alive" : "not alive"
        return .text(liveness.isAlive ? 200 : 503, ([head] + lines).joined(separator: "\n"))
    }
}
