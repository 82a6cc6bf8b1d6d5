internal import CLibrdkafka

/// Looks at topics and groups, and makes topics.
///
/// Every call may come from any thread.
public final class Admin: Sendable {
    let client: ClientHandle

    /// Makes the client; it connects by itself, in the background.
    ///
    /// The corresponding C function is `rd_kafka_new`.
    ///
    /// - Parameter log: called on any thread, also while this initializer runs.
    /// - Throws: `_INVALID_ARG` for a property that librdkafka does not know or accept.
    public init(
        _ properties: Properties, log: @escaping @Sendable (LogLine) -> Void
    ) throws(KafkaError) {
        let configuration = try ConfigurationHandle(properties)
        configuration.reportErrors()
        client = try configuration.makeClient(RD_KAFKA_PRODUCER, ClientContext(log: log))
    }

    /// Makes topics.
    ///
    /// The corresponding C function is `rd_kafka_CreateTopics`.
    ///
    /// - Returns: for every topic nil, or why it was not made; `TOPIC_ALREADY_EXISTS` is such a
    ///   reason and changes nothing in the topic.
    /// - Throws: what failed for the request as a whole.
    public func createTopics(
        _ topics: [NewTopic], timeoutMilliseconds: Int32
    ) throws(KafkaError) -> [String: KafkaError?] {
        if topics.isEmpty { return [:] }
        discardEvents()
        let doing = "creating topics"
        let options = try AdminOptions(
            client, for: RD_KAFKA_ADMIN_OP_CREATETOPICS, timeoutMilliseconds: timeoutMilliseconds)
        let queue = QueueHandle(newFor: client)
        try request(topics, options, queue)
        let event = try queue.answer(within: timeoutMilliseconds, doing: doing)
        var results: [String: KafkaError?] = [:]
        var count = 0
        guard let topics = rd_kafka_CreateTopics_result_topics(event.raw, &count) else {
            return results
        }
        for case let topic? in UnsafeBufferPointer(start: topics, count: count) {
            let name = String(cString: rd_kafka_topic_result_name(topic))
            let code = rd_kafka_topic_result_error(topic)
            let text = rd_kafka_topic_result_error_string(topic).map { String(cString: $0) }
            let isGood = code == RD_KAFKA_RESP_ERR_NO_ERROR
            let error = isGood ? nil : KafkaError(code, text, doing: "creating topic \(name)")
            results.updateValue(error, forKey: name)
        }
        return results
    }

    /// The topics of the cluster that this client may see, with their numbers of partitions.
    ///
    /// The corresponding C function is `rd_kafka_metadata`.
    public func topics(timeoutMilliseconds: Int32) throws(KafkaError) -> [String: Int] {
        discardEvents()
        var raw: UnsafePointer<rd_kafka_metadata>?
        try KafkaError.check(
            rd_kafka_metadata(client.raw, 1, nil, &raw, timeoutMilliseconds),
            doing: "listing topics")
        guard let raw else { return [:] }
        defer { rd_kafka_metadata_destroy(raw) }
        var counts: [String: Int] = [:]
        let all = UnsafeBufferPointer(
            start: raw.pointee.topics, count: Int(raw.pointee.topic_cnt))
        for topic in all where topic.partition_cnt > 0 {
            counts[String(cString: topic.topic)] = Int(topic.partition_cnt)
        }
        return counts
    }

    /// The named topics' numbers of partitions, without those that do not exist.
    ///
    /// It looks them up in the list of all topics: a broker may create a topic that is asked for
    /// by name.
    public func topics(
        named names: [String], timeoutMilliseconds: Int32
    ) throws(KafkaError) -> [String: Int] {
        let wanted = Set(names)
        return try topics(timeoutMilliseconds: timeoutMilliseconds)
            .filter { wanted.contains($0.key) }
    }

    /// Nobody polls this client, so what belongs to no call must be thrown away now and then.
    func discardEvents() { rd_kafka_poll(client.raw, 0) }

    private func request(
        _ topics: [NewTopic], _ options: borrowing AdminOptions, _ queue: borrowing QueueHandle
    ) throws(KafkaError) {
        var handles: [NewTopicHandle] = []
        for topic in topics { handles.append(try NewTopicHandle(topic)) }
        var raws: [OpaquePointer?] = handles.map(\.raw)
        rd_kafka_CreateTopics(client.raw, &raws, raws.count, options.raw, queue.raw)
        withExtendedLifetime(handles) {}
    }
}
