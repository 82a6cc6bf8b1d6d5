import Logging
import Operations

extension Setting {
    /// Every setting, in the order in which a person needs them.
    ///
    /// A row names the key, the property whose initial value is the default, the limits and what
    /// the setting does. `Config/rollcall.yaml` shows the same table and is tested against it.
    static let table: [Setting] = [
        .paths("catalog", \.catalog, "The catalog files: which tables are written, and how."),

        .conninfo(
            "database.url", \.database.url,
            "The database; without it libpq's own PG* variables count."),
        .text(
            "database.schema", \.database.schema, .identifier,
            "The schema that holds Rollcall's own tables and views."),
        .duration(
            "database.statement_timeout", \.database.statementTimeout,
            .milliseconds(100)...hours(1),
            "The longest that one statement may take."),
        .duration(
            "database.lock_timeout", \.database.lockTimeout, .milliseconds(10)...hours(1),
            "The longest wait for a lock; less than database.statement_timeout."),
        .duration(
            "database.idle_in_transaction_timeout", \.database.idleInTransactionTimeout,
            .seconds(1)...hours(1),
            "How long a transaction may stand idle before the server ends it."),
        .duration(
            "database.connect_timeout", \.database.connectTimeout, .seconds(1)...minutes(5),
            "How long an attempt to connect may take."),

        .list(
            "kafka.brokers", \.kafka.brokers, .broker,
            "The brokers to ask for all others, host:port each."),
        .text(
            "kafka.group", \.kafka.group, .name,
            "The consumer group; workers of one group share the work."),
        .text(
            "kafka.client_id", \.kafka.clientID, .name, "The name that brokers see in their logs."),
        .text(
            "kafka.topics.assignments", \.kafka.topics.assignments, .topic,
            "The topic of assign and unassign jobs."),
        .text(
            "kafka.topics.roster_imports", \.kafka.topics.rosterImports, .topic,
            "The topic of roster imports."),
        .text(
            "kafka.topics.backfills", \.kafka.topics.backfills, .topic, "The topic of backfills."),
        .text(
            "kafka.topics.dead_letters", \.kafka.topics.deadLetters, .topic,
            "The topic of messages that can never succeed; no job topic."),
        .text(
            "kafka.topics.job_events", \.kafka.topics.jobEvents, .topic,
            "The topic that tells when a job has ended; no job topic."),
        .integer(
            "kafka.partitions", \.kafka.partitions, 1...10_000,
            "The partitions of a topic that `rollcall topics create` makes."),
        .integer(
            "kafka.replication", \.kafka.replication, 1...10,
            "The replicas of a topic that `rollcall topics create` makes."),
        .properties(
            "kafka.properties", \.kafka.properties,
            "Properties that go to librdkafka as they are, such as TLS and SASL."),
        .duration(
            "kafka.commit_interval", \.kafka.commitInterval, .milliseconds(10)...minutes(1),
            "How often finished offsets are committed."),
        .duration(
            "kafka.revoke_timeout", \.kafka.revokeTimeout, .milliseconds(100)...minutes(5),
            "How long a partition that is taken away may finish its batches."),
        .duration(
            "kafka.max_poll_interval", \.kafka.maxPollInterval, .seconds(10)...hours(24),
            "How long a worker that no longer polls stays in its group."),
        .duration(
            "kafka.session_timeout", \.kafka.sessionTimeout, .seconds(1)...hours(1),
            "How long a worker that no longer answers stays in its group."),

        .integer(
            "lanes", \.lanes, 1...64,
            "The lanes of a worker: serial executors, each with a database connection."),
        .integer(
            "batch.items", \.batch.items, 1...100_000, "The items that one transaction aims at."),
        .integer("batch.jobs", \.batch.jobs, 1...100_000, "The most jobs of one transaction."),
        .duration(
            "batch.window", \.batch.window, .zero ... .seconds(1),
            "How long an idle worker waits for more jobs before it begins."),
        .duration(
            "batch.transaction_time", \.batch.transactionTime, .milliseconds(10)...minutes(5),
            "What a transaction should take; batches grow and shrink towards it."),

        .bytes(
            "limits.message_bytes", \.limits.messageBytes, 1_024...(1 << 29),
            "The largest message that is read; a larger one is a dead letter."),
        .integer(
            "limits.job_items", \.limits.jobItems, 1...10_000_000,
            "The most items of one job; one with more is a dead letter."),
        .integer(
            "limits.text_length", \.limits.textLength, 1...1_000_000,
            "The most characters of one text, list or JSON value in a message."),
        .integer(
            "limits.json_depth", \.limits.jsonDepth, 4...256,
            "How deep the JSON of a message may be nested."),
        .integer(
            "limits.in_flight_jobs", \.limits.inFlightJobs, 1...1_000_000,
            "The jobs in flight at which partitions are paused."),
        .integer(
            "limits.in_flight_items", \.limits.inFlightItems, 1...10_000_000,
            "The items in flight at which partitions are paused."),
        .bytes(
            "limits.in_flight_bytes", \.limits.inFlightBytes, (1 << 20)...(1 << 33),
            "The bytes in flight at which partitions are paused."),
        .integer(
            "limits.stored_rejections", \.limits.storedRejections, 0...1_000_000,
            "The rejected items of one job that are stored; all of them are counted."),

        .integer(
            "backfill.lanes", \.backfill.lanes, 0...64,
            "The most lanes that are busy with backfills at the same time; 0 for half of them."),
        .duration(
            "backfill.poll_interval", \.backfill.pollInterval, .milliseconds(10)...minutes(1),
            "How often an idle worker looks for parts that others have planned."),
        .duration(
            "backfill.progress_interval", \.backfill.progressInterval,
            .milliseconds(100)...hours(1),
            "How often a worker logs how far a backfill is."),

        .bytes(
            "roster.file_bytes", \.roster.fileBytes, 1_024...(1 << 40),
            "The largest roster file that is sent."),
        .integer(
            "roster.rows", \.roster.rows, 1...100_000_000,
            "The most rows of a roster import."),
        .integer(
            "roster.columns", \.roster.columns, 1...1_600,
            "The most columns of a roster file."),
        .bytes(
            "roster.field_bytes", \.roster.fieldBytes, 64...(1 << 20),
            "The longest text of a field of a roster file."),
        .integer(
            "roster.chunk_rows", \.roster.chunkRows, 1...100_000,
            "How many rows are applied in one transaction."),
        .duration(
            "roster.part_timeout", \.roster.partTimeout, .seconds(1)...hours(720),
            "An import fails when its next part does not come for so long."),

        .choice(
            "job_events.enabled", \.jobEvents.enabled, Settings.Switch.allCases,
            "Whether the topic of job events is told when a job has ended."),

        .duration(
            "retention.jobs", \.retention.jobs, hours(1)...hours(87_600),
            "How long a job that has ended is kept, with all that belongs to it."),
        .duration(
            "retention.redelivery", \.retention.redelivery, .zero...hours(87_600),
            "How long Kafka may bring a message again; at most retention.jobs."),
        .integer(
            "retention.batch", \.retention.batch, 1...100_000,
            "How many rows are deleted in one transaction."),

        .duration(
            "retry.first_delay", \.retry.firstDelay, .milliseconds(1)...minutes(1),
            "The wait before the first retry; it doubles from retry to retry."),
        .duration(
            "retry.max_delay", \.retry.maxDelay, .milliseconds(1)...hours(1),
            "The longest wait before a retry."),
        .integer(
            "retry.attempts", \.retry.attempts, 1...100,
            "The attempts of a job that fails for reasons of its own before it is failed."),

        .duration(
            "shutdown.grace", \.shutdown.grace, .zero...hours(1),
            "How long open batches may finish after SIGTERM."),
        .text(
            "worker.id", \.worker.id, .workerID,
            "The name of this worker; without it the host's name and the process's number."),
        .duration(
            "heartbeat.interval", \.heartbeat.interval, .milliseconds(100)...minutes(5),
            "How often a worker writes that it is alive."),
        .text(
            "endpoint.address", \.endpoint.address, .address,
            "Where a worker answers /livez, /readyz, /metrics and /jobs/<id>."),
        .text(
            "endpoint.port", \.endpoint.port, .port,
            "The port that it answers at; 0 for any that is free, off for none."),
        .choice(
            "log.level", \.log.level, [.debug, .info, .warning, .error],
            "The least level that is logged."),
        .choice(
            "log.format", \.log.format, LogFormat.allCases,
            "How a log line is written; auto is text on a terminal and JSON elsewhere."),
    ]

    private static func minutes(_ number: Int) -> Duration { .seconds(60 * number) }
    private static func hours(_ number: Int) -> Duration { .seconds(3_600 * number) }
}
