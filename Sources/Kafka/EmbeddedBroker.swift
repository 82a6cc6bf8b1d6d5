internal import CLibrdkafka
internal import Glibc
internal import Synchronization

/// A Kafka cluster inside this process, for demonstrations and tests: librdkafka's mock cluster.
///
/// Other processes on this machine reach it at `bootstrapServers`; it goes away with this object.
///
/// It keeps only the newest 5 MB or 100,000 records of a partition, in memory, and it does not
/// support the creation of topics by clients' requests (`Admin.createTopics`).
public final class EmbeddedBroker: Sendable {
    private let cluster: MockClusterHandle
    private let ports: [Int32: UInt16]
    /// The ports of the brokers that are down.
    private let held = Mutex<[Int32: HeldPort]>([:])

    /// The addresses of the brokers on 127.0.0.1, for the property `bootstrap.servers`.
    public let bootstrapServers: String

    /// Starts the brokers, numbered from 1, on free ports.
    ///
    /// The corresponding C function is `rd_kafka_mock_cluster_new`.
    ///
    /// - Parameter log: called on any thread, also while this initializer runs.
    public init(
        brokers: Int = 1, log: @escaping @Sendable (LogLine) -> Void = { _ in }
    ) throws(KafkaError) {
        let client = try ConfigurationHandle([:])
            .makeClient(RD_KAFKA_PRODUCER, ClientContext(log: log))
        guard let cluster = MockClusterHandle(in: client, brokers: Int32(brokers)) else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__FAIL, "the mock cluster did not start",
                doing: "starting \(brokers) embedded brokers")
        }
        bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster.raw))
        let ports = bootstrapServers.split(separator: ",").compactMap { address in
            address.split(separator: ":").last.flatMap { UInt16($0) }
        }
        self.ports = Dictionary(uniqueKeysWithValues: zip(1..., ports))
        self.cluster = cluster
    }

    /// Makes a topic.
    ///
    /// A topic that nobody made gets 4 partitions when a client first asks for it.
    /// The corresponding C function is `rd_kafka_mock_topic_create`.
    public func createTopic(_ topic: String, partitions: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_topic_create(cluster.raw, topic, partitions, 1),
            doing: "creating topic \(topic)")
    }

    /// Answers the next requests of one kind with these errors, one each; 0 lets one pass, and
    /// `_TRANSPORT` (-195) disconnects.
    ///
    /// Keys: 0 produce, 1 fetch, 3 metadata, 8 offset commit, 9 offset fetch, 10 find coordinator,
    /// 11 join group, 12 heartbeat, 13 leave, 14 sync group.
    /// The corresponding C function is `rd_kafka_mock_push_request_errors_array`.
    public func failRequests(apiKey: Int16, errors: [Int32]) {
        let codes = errors.map { rd_kafka_resp_err_t(rawValue: $0) }
        rd_kafka_mock_push_request_errors_array(cluster.raw, apiKey, codes.count, codes)
    }

    /// Lets requests of one kind pass again.
    ///
    /// The corresponding C function is `rd_kafka_mock_clear_request_errors`.
    public func clearFailures(apiKey: Int16) {
        rd_kafka_mock_clear_request_errors(cluster.raw, apiKey)
    }

    /// Disconnects the clients of a broker and refuses new ones; -1 for all brokers.
    ///
    /// The corresponding C function is `rd_kafka_mock_broker_set_down`.
    public func setDown(broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_broker_set_down(cluster.raw, broker), doing: "stopping broker \(broker)")
        for (number, port) in ports where broker == -1 || broker == number {
            guard held.withLock({ $0[number] }) == nil else { continue }
            let own = try EmbeddedBroker.hold(port)
            held.withLock { $0[number] = own }
        }
    }

    /// Whoever got the port in the moment in which nobody had it is waited for: librdkafka ends the
    /// process when it cannot listen there again (rdkafka_mock.c, rd_kafka_mock_broker_cmd).
    private static func hold(_ port: UInt16) throws(KafkaError) -> HeldPort {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            if let held = HeldPort(port) { return held }
            guard ContinuousClock.now < deadline else {
                throw KafkaError(
                    RD_KAFKA_RESP_ERR__FAIL, "port \(port) of 127.0.0.1 is taken",
                    doing: "holding the port of a broker that is down")
            }
            usleep(10_000)
        }
    }

    /// Accepts connections to a broker again; -1 for all brokers.
    ///
    /// The corresponding C function is `rd_kafka_mock_broker_set_up`.
    public func setUp(broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_broker_set_up(cluster.raw, broker), doing: "starting broker \(broker)")
        held.withLock { held in held = broker == -1 ? [:] : held.filter { $0.key != broker } }
    }

    /// Delays every answer of a broker; -1 for all brokers.
    ///
    /// The corresponding C function is `rd_kafka_mock_broker_set_rtt`.
    public func setRoundTrip(milliseconds: Int32, broker: Int32 = -1) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_broker_set_rtt(cluster.raw, broker, milliseconds),
            doing: "slowing broker \(broker)")
    }

    /// Answers metadata requests for a topic with an error; 0 ends that.
    ///
    /// The corresponding C function is `rd_kafka_mock_topic_set_error`.
    public func setTopicError(_ topic: String, code: Int32) {
        rd_kafka_mock_topic_set_error(cluster.raw, topic, rd_kafka_resp_err_t(rawValue: code))
    }

    /// Moves a group's coordinator to a broker.
    ///
    /// The corresponding C function is `rd_kafka_mock_coordinator_set`.
    public func setCoordinator(group: String, broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_coordinator_set(cluster.raw, "group", group, broker),
            doing: "moving the coordinator of \(group) to broker \(broker)")
    }

    /// Moves a partition's leader to a broker; -1 leaves it without one.
    ///
    /// The corresponding C function is `rd_kafka_mock_partition_set_leader`.
    public func setLeader(topic: String, partition: Int32, broker: Int32) throws(KafkaError) {
        try KafkaError.check(
            rd_kafka_mock_partition_set_leader(cluster.raw, topic, partition, broker),
            doing: "moving \(topic)[\(partition)] to broker \(broker)")
    }
}
