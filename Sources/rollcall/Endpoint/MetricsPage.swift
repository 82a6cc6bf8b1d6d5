import Catalog
import Foundation
import Jobs
import Kafka
import Operations
import Store
import Synchronization
import WorkerPool

/// `/metrics`: what the pool says in numbers, as Prometheus reads it.
final class MetricsPage: Sendable {
    private let labels: MetricLabels
    /// Since when partitions of which nothing is in flight have been behind.
    private let behind = Mutex<[TopicPartition: Date]>([:])

    init(_ settings: Settings, _ catalog: Catalog) {
        labels = MetricLabels(catalog, topics: settings.kafka.topics.jobs)
    }

    /// - Parameters:
    ///   - reading: nil before there is a pool.
    ///   - readiness: with the lag, where the brokers have answered.
    func response(_ reading: PoolReading?, _ readiness: Readiness) -> HTTPResponse {
        var page = MetricsText()
        let now = Date()
        page.begin("rollcall_build_info", .gauge, "The version of this worker; always 1.")
        page.sample("rollcall_build_info", ["version": Version.current], 1)
        page.write(readiness)
        if let reading {
            page.write(jobs: reading, labels)
            page.write(transactions: reading.counts)
            page.write(messages: reading.counts, labels)
            page.write(lanes: reading.lanes)
            page.write(partitions: reading, labels, at: now)
            page.write(troubleFor: reading.troubleFor)
            page.write(swept: reading.swept)
            if let lag = readiness.lag { write(lag, reading, to: &page, at: now) }
        }
        page.writeProcess()
        return HTTPResponse(
            status: 200, contentType: MetricsText.contentType, body: page.bytes)
    }

    private func write(
        _ lag: [PartitionLag], _ reading: PoolReading, to page: inout MetricsText, at now: Date
    ) {
        let own = Dictionary(uniqueKeysWithValues: reading.partitions.map { ($0.partition, $0) })
        let lags = lag.filter { own[$0.topicPartition] != nil }
        page.begin(
            "rollcall_consumer_lag", .gauge, "Messages of a partition that are not done yet.")
        for lag in lags {
            page.sample("rollcall_consumer_lag", lag.topicPartition.labels, Int(lag.lag))
        }
        page.begin(
            "rollcall_consumer_lag_seconds", .gauge,
            "Age of the oldest message of a partition that is not done yet.")
        let ages = behind.withLock { behind in
            lags.map { lag -> Double in
                let partition = lag.topicPartition
                if lag.lag == 0 { behind[partition] = nil }
                guard lag.lag > 0 else { return 0 }
                if let oldest = own[partition]?.oldest {
                    return max(0, now.timeIntervalSince1970 - Double(oldest) / 1_000)
                }
                // Nothing of it is read: it is at least as old as it was seen to be.
                let since = behind[partition] ?? now
                behind[partition] = since
                return now.timeIntervalSince(since)
            }
        }
        for (lag, age) in zip(lags, ages) {
            page.sample("rollcall_consumer_lag_seconds", lag.topicPartition.labels, age)
        }
    }
}

extension TopicPartition {
    fileprivate var labels: MetricsText.Labels {
        ["topic": topic, "partition": "\(partition)"]
    }
}

extension MetricsText {
    fileprivate mutating func write(_ readiness: Readiness) {
        begin("rollcall_ready", .gauge, "Whether a check of /readyz is passed: 1 or 0.")
        for check in readiness.checks {
            sample("rollcall_ready", ["check": check.name], check.isGood ? 1 : 0)
        }
    }

    fileprivate mutating func write(troubleFor time: Duration?) {
        let name = "rollcall_trouble_seconds"
        begin(
            name, .gauge,
            "How long the database, or something in it, has kept work from going on; 0 for not.")
        sample(name, [:], time?.timeInterval ?? 0)
    }

    fileprivate mutating func write(
        partitions reading: PoolReading, _ labels: MetricLabels, at now: Date
    ) {
        func count(_ topic: String) -> Int {
            reading.partitions.count { $0.partition.topic == topic }
        }
        begin("rollcall_assigned_partitions", .gauge, "Partitions that this worker has.")
        for topic in labels.topics {
            sample("rollcall_assigned_partitions", ["topic": topic], count(topic))
        }
        begin(
            "rollcall_partitions_paused", .gauge,
            "Partitions that are not read for now, because enough is in flight or somebody wants it."
        )
        for topic in labels.topics {
            sample(
                "rollcall_partitions_paused", ["topic": topic],
                reading.isPaused ? count(topic) : reading.aside.count { $0.topic == topic })
        }
        begin(
            "rollcall_paused", .gauge,
            "Whether somebody has paused it, as this worker obeys it: 1 or 0.")
        for control in labels.controls {
            sample(
                "rollcall_paused",
                ["subject": control.subject.rawValue, "name": control.name],
                reading.paused.contains(control) ? 1 : 0)
        }
        let name = "rollcall_last_commit_timestamp_seconds"
        begin(name, .gauge, "When a broker last took a commit of a partition, since 1970.")
        for partition in reading.partitions {
            guard let ago = partition.committedAgo else { continue }
            sample(name, partition.partition.labels, now.timeIntervalSince1970 - ago.timeInterval)
        }
        begin(
            "rollcall_worker_heartbeat_timestamp_seconds", .gauge,
            "When the worker last said in the database that it is alive, since 1970; 0 for never.")
        sample(
            "rollcall_worker_heartbeat_timestamp_seconds", [:],
            reading.heartbeatAgo.map { now.timeIntervalSince1970 - $0.timeInterval } ?? 0)
    }

    fileprivate mutating func write(swept rows: [String: Int]) {
        begin(
            "rollcall_swept_total", .counter,
            "Rows that this worker deleted because they had been kept for long enough.")
        for (table, count) in rows.sorted(by: { $0.key < $1.key }) {
            sample("rollcall_swept_total", ["table": table], count)
        }
    }

    fileprivate mutating func writeProcess() {
        guard let figures = ProcessFigures.now() else { return }
        begin("process_cpu_seconds_total", .counter, "User and system time of the process.")
        sample("process_cpu_seconds_total", [:], figures.cpuSeconds)
        begin("process_resident_memory_bytes", .gauge, "Resident memory of the process.")
        sample("process_resident_memory_bytes", [:], figures.residentBytes)
        begin("process_virtual_memory_bytes", .gauge, "Virtual memory of the process.")
        sample("process_virtual_memory_bytes", [:], figures.virtualBytes)
        begin("process_start_time_seconds", .gauge, "When the process started, since 1970.")
        sample("process_start_time_seconds", [:], figures.startSeconds)
        begin("process_open_fds", .gauge, "Open files and sockets of the process.")
        sample("process_open_fds", [:], figures.openFiles)
        begin("process_max_fds", .gauge, "The most files and sockets that may be open.")
        sample("process_max_fds", [:], figures.openFilesMax)
        begin("process_threads", .gauge, "Threads of the process.")
        sample("process_threads", [:], figures.threads)
    }
}
