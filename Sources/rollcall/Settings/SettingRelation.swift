/// What must hold between two settings.
struct SettingRelation: Sendable {
    let key: String
    /// How the first relates to the other, to stand after "expected".
    let relation: String
    let other: String
    let holds: @Sendable (Settings) -> Bool
}

extension SettingRelation {
    static let table: [SettingRelation] =
        [
            SettingRelation(
                key: "database.lock_timeout", relation: "less than",
                other: "database.statement_timeout",
                holds: { $0.database.lockTimeout < $0.database.statementTimeout }),
            // A job that comes again after its row is gone would be executed again.
            SettingRelation(
                key: "retention.redelivery", relation: "at most", other: "retention.jobs",
                holds: { $0.retention.redelivery <= $0.retention.jobs }),
            SettingRelation(
                key: "retry.first_delay", relation: "at most", other: "retry.max_delay",
                holds: { $0.retry.firstDelay <= $0.retry.maxDelay }),
            SettingRelation(
                key: "kafka.session_timeout", relation: "less than",
                other: "kafka.max_poll_interval",
                holds: { $0.kafka.sessionTimeout < $0.kafka.maxPollInterval }),
            SettingRelation(
                key: "kafka.revoke_timeout", relation: "less than",
                other: "kafka.max_poll_interval",
                holds: { $0.kafka.revokeTimeout < $0.kafka.maxPollInterval }),
            SettingRelation(
                key: "batch.items", relation: "at most", other: "limits.in_flight_items",
                holds: { $0.batch.items <= $0.limits.inFlightItems }),
            SettingRelation(
                key: "batch.jobs", relation: "at most", other: "limits.in_flight_jobs",
                holds: { $0.batch.jobs <= $0.limits.inFlightJobs }),
            SettingRelation(
                key: "limits.message_bytes", relation: "at most", other: "limits.in_flight_bytes",
                holds: { $0.limits.messageBytes <= $0.limits.inFlightBytes }),
        ] + topics

    /// A worker that read its own dead letters or events would never come to an end.
    private static let topics: [SettingRelation] = {
        let jobs = ["assignments", "roster_imports", "backfills"].map { "kafka.topics." + $0 }
        let deadLetters = "kafka.topics.dead_letters"
        let events = "kafka.topics.job_events"
        let pairs =
            jobs.map { (deadLetters, $0) } + jobs.map { (events, $0) } + [(events, deadLetters)]
        return pairs.map { key, other in
            SettingRelation(
                key: key, relation: "another topic than", other: other,
                holds: { Setting.named(key)?.get($0) != Setting.named(other)?.get($0) })
        }
    }()
}
