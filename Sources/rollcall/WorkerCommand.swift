import ArgumentParser
import Catalog
import Dispatch
import Execution
import Foundation
import Kafka
import Logging
import Operations
import Postgres
import Store
import WorkerPool

/// `rollcall worker`: consumes and executes until told to stop.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Consumes jobs and executes them until told to stop.",
        discussion: """
            SIGTERM or SIGINT: stops reading, finishes or rolls back what is open within \
            shutdown.grace, commits offsets, leaves the group, exits 0. A second signal exits at \
            once; nothing is lost then either.

            Examples:
              rollcall worker --config /etc/rollcall/rollcall.yaml
              rollcall worker --brokers localhost:9092 --catalog catalogs/school.yaml --lanes 8
            """)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let settings = try common.settings(requiring: .brokers, .catalog)
        bootstrapLogging(level: settings.log.level, format: settings.log.format)
        let logger = Logger(label: "rollcall")
        let catalog = try CatalogFiles.read(settings)
        let signals = StopSignals()
        let service = ServiceWatch(environment: ProcessInfo.processInfo.environment)
        let endpoint = try endpoint(settings, catalog, logger)
        defer { endpoint?.stop() }
        guard let compiled = try prepare(settings, catalog, signals, service, logger) else {
            return
        }
        let findings = compiled.findings
        // What the worker goes on with is a line of its log, and not a text in the middle of it.
        for finding in findings where finding.level == .warning {
            logger.warning("the catalog could do better", metadata: ["finding": "\(finding)"])
        }
        for finding in findings where finding.level == .error { complain("\(finding)") }
        if findings.contains(where: { $0.level == .error }) { throw ExitCode.configuration }
        let pool = WorkerPool(
            settings.pool, catalog: catalog, plans: compiled.plans, backfills: compiled.backfills,
            rosters: compiled.rosters, logger: logger)
        endpoint?.attach(pool)
        signals.onStop {
            service.stopping()
            pool.stop()
        }
        service.started(pool)
        do {
            try pool.run()
        } catch let error as KafkaError {
            throw Brokers.failure(error)
        }
        if let mismatch = pool.schemaMismatch { try Database.require(mismatch) }
    }

    /// Listens, if it is to; before all else, because whoever probes the worker begins at once.
    private func endpoint(
        _ settings: Settings, _ catalog: Catalog, _ logger: Logger
    ) throws -> WorkerEndpoint? {
        guard let port = settings.endpoint.portNumber else { return nil }
        do {
            return try WorkerEndpoint(settings, port: port, catalog: catalog, logger: logger)
        } catch let error as ListeningFailed {
            complain(
                "endpoint.port: \(error); give each worker of a machine a port of its own, 0 for any "
                    + "that is free, or off")
            throw ExitCode.configuration
        }
    }

    /// Checks schema and catalog; nil if told to stop before the database has answered.
    private func prepare(
        _ settings: Settings, _ catalog: Catalog, _ signals: StopSignals,
        _ service: ServiceWatch, _ logger: Logger
    ) throws -> CompiledCatalog? {
        var delay = settings.retry.firstDelay
        var isReported = false
        while let connection = connect(settings, signals, service, logger) {
            do {
                let migrator = Migrator(StatusSchema(name: settings.database.schema))
                try Database.require(try migrator.state(on: connection))
                return try CompiledCatalog(
                    catalog, schema: settings.database.schema, on: connection)
            } catch let error as PostgresError where Self.isPassing(error) {
                if !isReported {
                    logger.warning(
                        "tables cannot be checked yet, waiting", metadata: ["error": "\(error)"])
                    service.waits(for: "\(error)")
                    isReported = true
                }
                signals.wait(delay)
                delay = min(delay * 2, settings.retry.maxDelay)
            } catch let error as PostgresError {
                throw Database.failure(error)
            }
        }
        return nil
    }

    /// The database was lost between two questions, or somebody holds a table.
    private static func isPassing(_ error: PostgresError) -> Bool {
        [.infrastructure, .lock, .contention].contains(FailureClass(error))
    }

    /// Connects; a database that is away is waited for, with one line of news.
    private func connect(
        _ settings: Settings, _ signals: StopSignals, _ service: ServiceWatch, _ logger: Logger
    ) -> Connection? {
        var delay = settings.retry.firstDelay
        var isReported = false
        while !signals.isStopped {
            do {
                let connection = try Connection(
                    settings.database.url, applicationName: "rollcall/\(settings.worker.id)",
                    connectTimeoutSeconds: settings.database.connectTimeoutSeconds)
                if isReported { logger.notice("database answers") }
                return connection
            } catch {
                if !isReported {
                    logger.warning(
                        "database does not answer, waiting", metadata: ["error": "\(error)"])
                    service.waits(for: "\(error)")
                    isReported = true
                }
                signals.wait(delay)
                delay = min(delay * 2, settings.retry.maxDelay)
            }
        }
        return nil
    }
}

extension Settings {
    /// The settings as the worker pool takes them.
    var pool: PoolSettings {
        PoolSettings(
            workerID: worker.id, host: ProcessInfo.processInfo.hostName,
            version: Version.current, conninfo: database.url,
            connectTimeoutSeconds: database.connectTimeoutSeconds, schema: database.schema,
            lanes: lanes, batchItems: batch.items, batchJobs: batch.jobs,
            batchWindow: batch.window, transactionTime: batch.transactionTime,
            inFlightJobs: limits.inFlightJobs,
            inFlightItems: limits.inFlightItems, inFlightBytes: limits.inFlightBytes,
            messageBytes: limits.messageBytes, jobItems: limits.jobItems,
            jsonDepth: limits.jsonDepth,
            execution: ExecutionLimits(
                transaction: Receipts.TransactionLimits(
                    statementTimeout: database.statementTimeout,
                    lockTimeout: database.lockTimeout,
                    idleTimeout: database.idleInTransactionTimeout),
                textLength: limits.textLength, jobItems: limits.jobItems,
                storedRejections: limits.storedRejections),
            backfillLanes: backfill.lanes == 0 ? max(1, lanes / 2) : min(backfill.lanes, lanes),
            backfillPollInterval: backfill.pollInterval,
            backfillProgressInterval: backfill.progressInterval,
            rosters: RosterLimits(
                rows: roster.rows, columns: roster.columns, fieldBytes: roster.fieldBytes,
                chunkRows: roster.chunkRows, partTimeout: roster.partTimeout),
            retryFirstDelay: retry.firstDelay, retryMaxDelay: retry.maxDelay,
            retryAttempts: retry.attempts,
            kafka: kafka.consumerProperties(messageBytes: limits.messageBytes),
            group: kafka.group, topics: kafka.topics.jobs,
            deadLetterTopic: kafka.topics.deadLetters, jobEvents: jobEventsOfPool,
            retention: SweepSettings(jobs: retention.jobs, batch: retention.batch),
            producer: kafka.clientProperties,
            commitInterval: kafka.commitInterval,
            revokeTimeout: kafka.revokeTimeout, grace: shutdown.grace,
            heartbeatInterval: heartbeat.interval)
    }
}
