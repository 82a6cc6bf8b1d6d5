import Foundation
import Kafka
import Postgres
import ProofKit
import Sandbox
import Testing

/// Brokers that are away, slow or refuse, and a poll loop that must not stop meanwhile.
@Suite struct BrokerTroubleTests {
    private static func stream(_ messages: Int = 240) -> JobStream {
        StreamGenerator.stream(seed: scenarioSeed(), .init(messages: messages))
    }

    @Test("failure 20: brokers down, coordinator and leaders moved, slow answers: nothing is lost")
    func brokers() throws {
        let trial = try Trial(Self.stream(400), on: try Rig(brokers: 3))
        let rig = trial.rig
        try rig.start("worker")
        try trial.send(80)
        try trial.waitUntilDone(30)
        try rig.broker.setDown(broker: -1)
        try rig.wait("the worker says so") {
            rig.logText("worker").contains("Kafka does not answer")
        }
        try rig.broker.setUp(broker: -1)
        try trial.send(80)
        try trial.waitUntilDone(100)
        try rig.broker.setCoordinator(group: Rig.group, broker: 2)
        for (number, topic) in JobStream.topics.enumerated() {
            for partition in 0..<JobStream.partitions {
                try rig.broker.setLeader(
                    topic: topic, partition: partition,
                    broker: Int32(number) % 3 + 1)
            }
        }
        try trial.send(80)
        try trial.waitUntilDone(180)
        try rig.broker.setCoordinator(group: Rig.group, broker: 3)
        try rig.broker.setRoundTrip(milliseconds: 100)
        try trial.send()
        try trial.waitUntilDone()
        try rig.broker.setRoundTrip(milliseconds: 0)
        #expect(try trial.prematureCommits() == [])
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test(
        "failure 20: refused requests are asked again, and no offset is ahead of its work",
        arguments: Fault.Request.allCases)
    func refusals(_ request: Fault.Request) throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let errors = request.errors.flatMap { error -> [Int32] in [error, 0, error] }
        let isForJoining = [.findCoordinator, .joinGroup, .syncGroup, .offsetFetch].contains(
            request)
        if isForJoining { rig.broker.failRequests(apiKey: request.rawValue, errors: errors) }
        try rig.start("worker")
        try trial.send(100)
        try trial.waitUntilDone(60)
        if !isForJoining { rig.broker.failRequests(apiKey: request.rawValue, errors: errors) }
        try trial.send()
        try trial.waitUntilDone()
        rig.broker.clearFailures(apiKey: request.rawValue)
        #expect(try trial.prematureCommits() == [])
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 20: a partition whose committed offset cannot be fetched is read all the same")
    func offsetFetchGivesUp() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        // As long as the database does not answer, it is the client that asks Kafka.
        let blocker = try rig.connect()
        try blocker.script("BEGIN; LOCK TABLE rollcall.progress")
        // NOT_COORDINATOR, more often than it asks again.
        rig.broker.failRequests(
            apiKey: Fault.Request.offsetFetch.rawValue,
            errors: [Int32](repeating: 16, count: 200))
        try rig.start("worker")
        try trial.send(100)
        try rig.wait("the client has given up on a partition") {
            rig.logText("worker").contains("committed offset for group")
        }
        rig.broker.clearFailures(apiKey: Fault.Request.offsetFetch.rawValue)
        try blocker.script("ROLLBACK")
        try trial.send()
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 20: a topic that is not there is named, and its jobs are done once it is")
    func missingTopic() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let topic = JobStream.topics[2]
        // 3 is UNKNOWN_TOPIC_OR_PART.
        rig.broker.setTopicError(topic, code: 3)
        try rig.start(
            "worker",
            environment: ["ROLLCALL_KAFKA_PROPERTIES": "topic.metadata.refresh.interval.ms=500"])
        try rig.wait("the worker names the topic") {
            rig.logText("worker").contains("topics create")
        }
        try rig.waitForPartitions("worker", 4)
        rig.broker.setTopicError(topic, code: 0)
        try rig.waitForPartitions("worker")
        try trial.send()
        for finding in try trial.finish(isRebalancing: true) { Issue.record("\(finding)") }
    }

    @Test("failure 20: a committed offset that the broker no longer has starts at the earliest")
    func offsetOutOfRange() throws {
        let trial = try Trial(Self.stream(), on: try Rig())
        let rig = trial.rig
        let consumer = try Consumer(
            ["bootstrap.servers": rig.broker.bootstrapServers], group: Rig.group,
            listener: NoListener(), log: { _ in })
        var offsets: [TopicPartition: Int64] = [:]
        for topic in JobStream.topics {
            for partition in 0..<JobStream.partitions {
                offsets[TopicPartition(topic: topic, partition: partition)] = 1_000_000
            }
        }
        try consumer.commit(offsets)
        consumer.close()
        try trial.send()
        try rig.start("worker")
        for finding in try trial.finish() { Issue.record("\(finding)") }
    }

    @Test("failure 16: a transaction longer than max.poll.interval costs no membership")
    func longTransaction() throws {
        let trial = try Trial(Self.stream(120), on: try Rig())
        let rig = trial.rig
        try rig.start(
            "worker",
            environment: [
                "ROLLCALL_KAFKA_MAX_POLL_INTERVAL": "10s", "ROLLCALL_KAFKA_REVOKE_TIMEOUT": "5s",
                "ROLLCALL_DATABASE_LOCK_TIMEOUT": "29s", "ROLLCALL_LANES": "1",
            ])
        try rig.waitForPartitions("worker")
        let blocker = try rig.connect()
        try blocker.script("BEGIN; LOCK TABLE proof.membership")
        let begun = ContinuousClock.now
        try trial.send()
        try trial.waitForLock()
        // The server's clock says how long one transaction has been open.
        try rig.wait("the transaction is older than the interval") {
            try trial.connection.execute(
                """
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                  AND clock_timestamp() - xact_start > interval '11 s'
                """
            ).count == 1
        }
        #expect(ContinuousClock.now - begun > .seconds(11))
        let alive = try trial.connection.execute(
            """
            SELECT FROM rollcall.worker
            WHERE partitions = 6 AND clock_timestamp() - heartbeat_at < interval '3 s'
            """)
        #expect(alive.count == 1)
        try blocker.script("ROLLBACK")
        for finding in try trial.finish() { Issue.record("\(finding)") }
        let log = rig.logText("worker")
        #expect(log.components(separatedBy: "partitions assigned").count == 2, "\(log)")
        #expect(!log.contains("partitions lost"), "\(log)")
    }
}

/// Nobody is told of partitions.
private final class NoListener: RebalanceListener {
    func assigned(
        _ partitions: [TopicPartition], consumer: Consumer
    ) -> [TopicPartition: Int64] { [:] }
    func revoked(_ partitions: [TopicPartition], consumer: Consumer) {}
    func lost(_ partitions: [TopicPartition]) {}
}
