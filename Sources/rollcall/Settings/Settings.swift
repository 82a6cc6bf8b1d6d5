import Logging
import Operations

/// Every setting of Rollcall, checked; the initial value of each property is its default.
///
/// Keys, limits and descriptions stand in ``Setting/table``; values come from a ``SettingsReader``.
struct Settings: Sendable, Equatable {
    /// The catalog files.
    var catalog: [String] = []
    var database = Database()
    var kafka = Kafka()
    /// The number of lanes, each with a connection of its own.
    var lanes = 4
    var batch = Batch()
    var limits = Limits()
    var backfill = Backfill()
    var roster = Roster()
    var jobEvents = JobEvents()
    var retention = Retention()
    var retry = Retry()
    var shutdown = Shutdown()
    var worker = Worker()
    var heartbeat = Heartbeat()
    var endpoint = Endpoint()
    var log = Log()
}

extension Settings {
    /// The database that holds the catalog's tables and Rollcall's own schema.
    struct Database: Sendable, Equatable {
        /// A URL or `key=value` pairs for libpq; empty leaves it to libpq's PG* variables.
        var url = ""
        var schema = "rollcall"
        var statementTimeout = Duration.seconds(30)
        var lockTimeout = Duration.seconds(2)
        var idleInTransactionTimeout = Duration.seconds(60)
        var connectTimeout = Duration.seconds(10)
    }

    /// The brokers, the consumer group and the topics.
    struct Kafka: Sendable, Equatable {
        /// `host:port` each; empty until set, see ``Settings/requireBrokers()``.
        var brokers: [String] = []
        var group = "rollcall"
        var clientID = "rollcall"
        var topics = Topics()
        var partitions = 12
        var replication = 1
        /// Properties that go to librdkafka as they are.
        var properties: [String: String] = [:]
        var commitInterval = Duration.seconds(1)
        var revokeTimeout = Duration.seconds(20)
        var maxPollInterval = Duration.seconds(300)
        var sessionTimeout = Duration.seconds(45)
    }

    /// The names of the topics.
    struct Topics: Sendable, Equatable {
        var assignments = "rollcall.assignments"
        var rosterImports = "rollcall.roster-imports"
        var backfills = "rollcall.backfills"
        var deadLetters = "rollcall.dead-letters"
        var jobEvents = "rollcall.job-events"

        /// The topics that carry jobs, each once.
        var jobs: [String] {
            var names: [String] = []
            for name in [assignments, rosterImports, backfills] where !names.contains(name) {
                names.append(name)
            }
            return names
        }
    }

    /// How much one transaction gathers.
    struct Batch: Sendable, Equatable {
        var items = 5_000
        var jobs = 500
        /// How long a lane waits for more.
        var window = Duration.milliseconds(3)
        /// What a transaction should take.
        var transactionTime = Duration.seconds(1)
    }

    /// What is the most of everything.
    struct Limits: Sendable, Equatable {
        var messageBytes = 8 * 1024 * 1024
        var jobItems = 100_000
        var textLength = 10_000
        var jsonDepth = 32
        var inFlightJobs = 5_000
        var inFlightItems = 200_000
        var inFlightBytes = 32 * 1024 * 1024
        var storedRejections = 1_000
    }

    /// How long work shares the workers.
    struct Backfill: Sendable, Equatable {
        /// The most lanes that are busy with it; 0 for half of them.
        var lanes = 0
        var pollInterval = Duration.seconds(1)
        var progressInterval = Duration.seconds(10)
    }

    /// What a roster file may hold.
    struct Roster: Sendable, Equatable {
        var fileBytes = 1024 * 1024 * 1024
        var rows = 2_000_000
        var columns = 200
        var fieldBytes = 10 * 1024
        var chunkRows = 2_000
        var partTimeout = Duration.seconds(3_600)
    }

    /// What is on or off.
    enum Switch: String, Sendable, CaseIterable {
        case `true`, `false`
    }

    /// Who is told that a job has ended.
    struct JobEvents: Sendable, Equatable {
        var enabled = Switch.true

        var isEnabled: Bool { enabled == .true }
    }

    /// How long what has ended is kept.
    struct Retention: Sendable, Equatable {
        var jobs = Duration.seconds(30 * 86_400)
        /// How long Kafka may bring a message again.
        var redelivery = Duration.seconds(8 * 86_400)
        /// How many rows are deleted in one transaction.
        var batch = 1_000
    }

    /// How what failed is tried again.
    struct Retry: Sendable, Equatable {
        var firstDelay = Duration.milliseconds(100)
        var maxDelay = Duration.seconds(30)
        var attempts = 5
    }

    /// How a worker stops.
    struct Shutdown: Sendable, Equatable {
        var grace = Duration.seconds(25)
    }

    /// Who this process is.
    struct Worker: Sendable, Equatable {
        var id = Worker.ownName
    }

    /// How often a worker says that it is alive.
    struct Heartbeat: Sendable, Equatable {
        var interval = Duration.seconds(5)
    }

    /// Where a worker answers probes, scrapers and people.
    struct Endpoint: Sendable, Equatable {
        var address = "127.0.0.1"
        /// A port, 0 for any that is free, or `off`.
        var port = "9464"

        /// Nil where nobody listens.
        var portNumber: UInt16? { UInt16(port) }
    }

    /// What is logged, and how.
    struct Log: Sendable, Equatable {
        var level = Logger.Level.info
        var format = LogFormat.auto
    }
}
