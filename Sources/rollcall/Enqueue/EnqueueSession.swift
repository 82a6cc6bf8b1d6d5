import ArgumentParser
import Foundation
import Jobs
import Kafka
import RollcallClient

/// The sending of jobs, from the first to the last delivery.
struct EnqueueSession {
    private let run: EnqueueRun
    private let producer: JobProducer
    private let news: BrokerNews
    private let signals = StopSignals()
    private let progress: ProgressLine
    private let start = ContinuousClock.now
    private var tally: DeliveryTally
    private var accepted = 0
    /// How long brokers may take to answer before a job waits in the queue for them.
    private static let patience = Duration.seconds(2)
    /// Whether what was to be sent could not be read to its end.
    var isSpoilt = false

    init(_ run: EnqueueRun) throws(KafkaError) {
        self.run = run
        let news = BrokerNews()
        self.news = news
        producer = try JobProducer(
            run.settings.kafka.producerProperties(messageBytes: run.settings.limits.messageBytes),
            source: EnqueueArgument.defaultSource, log: { news.take($0) })
        progress = ProgressLine("sending", total: run.total, unit: run.isOneJob ? .parts : .jobs)
        tally = DeliveryTally(keepsSent: run.wait != nil, isOneJob: run.isOneJob)
    }

    /// Queues a message.
    ///
    /// - Returns: whether more can be sent: not after Ctrl-C, or when the brokers cannot be reached.
    @discardableResult
    mutating func send(_ message: OutgoingMessage, tag: Int) throws -> Bool {
        guard !signals.isStopped, !tally.isHopeless else { return false }
        let topic = run.topic ?? run.settings.kafka.topics.topic(of: message.kind)
        if accepted == 0 { producer.prepare(topic: topic, timeout: Self.patience) }
        do {
            try producer.send(message, to: topic, tag: tag)
            accepted += 1
        } catch .kafka(let error) {
            tally.add(tag: tag, id: message.jobID, error)
        } catch .request(let fault) {
            complain(fault.message)
            throw ExitCode.failure
        }
        // What nobody takes fills the queue.
        if run.isOneJob || accepted % 256 == 0 { take(wait: .zero) }
        return true
    }

    /// Waits for the deliveries and tells what became of them; then, if asked to, for the jobs' end.
    ///
    /// - Parameters:
    ///   - name: how to call a job, by its id and the number it was sent with.
    ///   - onSent: called once everything is delivered.
    mutating func finish(
        name: @escaping (JobID?, Int) -> String, onSent: () -> Void = {}
    ) throws {
        // After Ctrl-C only what is on its way has a moment left to arrive.
        var rounds = 0
        while tally.settled < accepted, rounds < 10 {
            take(wait: .milliseconds(100))
            if signals.isStopped { rounds += 1 }
        }
        progress.clear()
        try report(name)
        onSent()
        guard let wait = run.wait else { return }
        try EnqueueWait(jobs: tally.sent, wait: wait, signals: signals, name: name).run()
    }

    private var noun: String { run.isOneJob ? "part" : "job" }

    /// The parts that were delivered, if more are to follow: `1 to 12, 14`.
    var sentParts: String? {
        guard tally.delivered < run.total, !isSpoilt else { return nil }
        let ranges = tally.tags.rangeView.map { range in
            range.count == 1
                ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound - 1)"
        }
        return ranges.isEmpty ? "none" : ranges.joined(separator: ", ")
    }

    private mutating func take(wait: Duration) {
        for delivery in producer.deliveries(wait: wait) { tally.add(delivery) }
        progress.update(tally.delivered)
    }

    private func report(_ name: (JobID?, Int) -> String) throws {
        for failure in tally.failures.sorted(by: { $0.tag < $1.tag }) {
            complain("\(name(failure.id, failure.tag)): not delivered: \(failure.error)")
        }
        let took = EnqueueText.seconds(start.duration(to: .now))
        let isWhole = tally.delivered == run.total && !isSpoilt
        if isWhole {
            // One job says enough by its id.
            if run.total != 1 { note("sent \(NumberText.counted(run.total, noun)) in \(took)") }
            return
        }
        if tally.isHopeless, let line = news.last { complain("last news of the brokers: \(line)") }
        if run.total != 1, !run.isOneJob {
            complain(
                "sent \(NumberText.grouped(tally.delivered)) of "
                    + "\(NumberText.counted(run.total, "job")) in \(took), "
                    + "\(NumberText.grouped(tally.failureCount)) failed")
        }
        throw signals.isStopped ? ExitCode.interrupted : tally.exitCode
    }
}

/// Writes a line for a person, without the program's name: it is no complaint.
private func note(_ message: String) {
    try? FileHandle.standardError.write(contentsOf: Data("\(message)\n".utf8))
}

extension Settings.Topics {
    /// Where jobs of a kind go; what is no job goes where most jobs go.
    func topic(of kind: Job.Kind?) -> String {
        switch kind {
        case .assign, .unassign, nil: assignments
        case .rosterImport: rosterImports
        case .backfill: backfills
        }
    }
}

extension Settings.Kafka {
    /// What a producer of jobs needs besides.
    func producerProperties(messageBytes: Int) -> Properties {
        var all = clientProperties
        // A record is a little more than its value: the key and headers.
        all.merge(["message.max.bytes": "\(messageBytes + 64 * 1024)"]) { given, _ in given }
        return all
    }
}
