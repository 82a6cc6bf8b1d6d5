import Jobs
import Operations
import WorkerPool

/// What was done, each combination of labels from the beginning.
extension MetricsText {
    mutating func write(jobs reading: PoolReading, _ labels: MetricLabels) {
        let counts = reading.counts
        // Work of a catalog that has changed under the worker is not to be lost.
        let works =
            labels.works
            + counts.ends.keys.filter { !labels.works.contains($0) }
            .sorted { ($0.kind.rawValue, $0.entry) < ($1.kind.rawValue, $1.entry) }
        begin("rollcall_jobs_total", .counter, "Jobs that ended, and deliveries of ended ones.")
        for work in works {
            let ends = counts.ends[work] ?? PoolCounts.Ends()
            for state in JobReport.State.allCases {
                sample(
                    "rollcall_jobs_total", work.labels("outcome", state.rawValue),
                    ends.states[state] ?? 0)
            }
            sample("rollcall_jobs_total", work.labels("outcome", "duplicate"), ends.duplicates)
        }
        begin("rollcall_items_total", .counter, "Items of jobs that ended, by what became of them.")
        for work in works {
            for item in (counts.ends[work]?.items ?? OutcomeCounts()).named {
                sample("rollcall_items_total", work.labels("result", item.name), item.count)
            }
        }
        write(rejected: counts, labels)
        write(
            "rollcall_job_wait_seconds", counts.waits, labels,
            "From the request of a job until a lane began it.")
        write(
            "rollcall_job_duration_seconds", counts.durations, labels,
            "From when a lane began a job until it ended.")
        begin("rollcall_jobs_in_progress", .gauge, "Jobs that lanes have in hand.")
        for kind in [Job.Kind.assign, .unassign] {
            sample(
                "rollcall_jobs_in_progress", ["kind": kind.rawValue],
                reading.inProgress[kind] ?? 0)
        }
        begin("rollcall_messages_in_flight", .gauge, "Messages read and not done yet.")
        sample("rollcall_messages_in_flight", [:], reading.inFlight)
    }

    private mutating func write(rejected counts: PoolCounts, _ labels: MetricLabels) {
        let name = "rollcall_items_rejected_total"
        begin(name, .counter, "Items that were rejected, by the code of the reason.")
        for kind in labels.kinds {
            var rejected: [String: Int] = [:]
            for (key, count) in counts.rejected where key.kind == kind {
                rejected[labels.code(key.code), default: 0] += count
            }
            for code in labels.codes {
                sample(name, ["kind": kind.rawValue, "code": code], rejected[code] ?? 0)
            }
        }
    }

    private mutating func write(
        _ name: String, _ histograms: [Job.Kind: Histogram], _ labels: MetricLabels, _ help: String
    ) {
        begin(name, .histogram, help)
        let empty = Histogram.jobSeconds
        for kind in labels.kinds {
            write(name, ["kind": kind.rawValue], histograms[kind] ?? empty)
        }
    }

    private mutating func write(_ name: String, _ labels: Labels, _ histogram: Histogram) {
        self.histogram(
            name, labels, bounds: histogram.bounds, counts: histogram.counts, sum: histogram.sum)
    }

    mutating func write(transactions counts: PoolCounts) {
        let sorts = [("jobs", counts.batches), ("parts", counts.parts)]
        begin("rollcall_transactions_total", .counter, "Attempts of lanes at a transaction.")
        for (work, transactions) in sorts {
            sample(
                "rollcall_transactions_total", ["work": work, "outcome": "committed"],
                transactions.committed)
            sample(
                "rollcall_transactions_total", ["work": work, "outcome": "failed"],
                transactions.failed)
        }
        begin(
            "rollcall_transaction_duration_seconds", .histogram,
            "What transactions took that were committed.")
        for (work, transactions) in sorts {
            write(
                "rollcall_transaction_duration_seconds", ["work": work], transactions.seconds)
        }
        begin("rollcall_batch_items", .histogram, "Items of the batches that were committed.")
        write("rollcall_batch_items", [:], counts.batchItems)
        let retries = "rollcall_transaction_retries_total"
        begin(
            retries, .counter,
            "Failed attempts that are made again, by the class of the SQLSTATE; none where the "
                + "database did not answer.")
        var classes: [String: Int] = [:]
        for (name, count) in counts.retries {
            classes[MetricLabels.sqlClass(name), default: 0] += count
        }
        for name in MetricLabels.sqlClasses {
            sample(retries, ["sqlstate_class": name], classes[name] ?? 0)
        }
    }

    mutating func write(messages counts: PoolCounts, _ labels: MetricLabels) {
        begin("rollcall_messages_consumed_total", .counter, "Messages read.")
        for topic in labels.topics {
            sample(
                "rollcall_messages_consumed_total", ["topic": topic], counts.consumed[topic] ?? 0)
        }
        write(
            "rollcall_message_decode_failures_total", counts.faults, labels,
            "Messages that are no job, by the reason.")
        write(
            "rollcall_dead_letters_total", counts.letters, labels,
            "Messages given up and kept with their reason.")
        begin("rollcall_rebalances_total", .counter, "Changes of this worker's partitions.")
        for kind in PoolCounts.Rebalance.allCases {
            sample(
                "rollcall_rebalances_total", ["kind": kind.rawValue], counts.rebalances[kind] ?? 0)
        }
    }

    private mutating func write(
        _ name: String, _ counts: [PoolCounts.CodeOfTopic: Int], _ labels: MetricLabels,
        _ help: String
    ) {
        begin(name, .counter, help)
        for topic in labels.topics {
            for code in MessageFault.Code.allCases {
                let count = counts.filter { $0.key.topic == topic && $0.key.code == code.rawValue }
                    .values.reduce(0, +)
                sample(name, ["topic": topic, "reason": code.rawValue], count)
            }
        }
    }

    mutating func write(lanes: PoolReading.Lanes) {
        begin("rollcall_lanes", .gauge, "Lanes, by what they are at.")
        for (state, count) in [
            ("idle", lanes.idle), ("batch", lanes.batches), ("part", lanes.parts),
        ] {
            sample("rollcall_lanes", ["state": state], count)
        }
        begin(
            "rollcall_db_connections", .gauge,
            "Connections of lanes: idle, or waiting for an answer of the database.")
        sample("rollcall_db_connections", ["state": "idle"], lanes.connectionsIdle)
        sample("rollcall_db_connections", ["state": "waiting"], lanes.connectionsWaiting)
    }
}

extension PoolCounts.Work {
    fileprivate func labels(_ name: String, _ value: String) -> MetricsText.Labels {
        switch name {
        case "outcome":
            ["kind": kind.rawValue, "relation": entry, "outcome": value]
        default:
            ["kind": kind.rawValue, "relation": entry, "result": value]
        }
    }
}
