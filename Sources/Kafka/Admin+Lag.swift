internal import CLibrdkafka

extension Admin {
    /// How far a group is behind, in every partition of the topics that exist, sorted.
    ///
    /// The corresponding C functions are `rd_kafka_ListConsumerGroupOffsets` and
    /// `rd_kafka_offsets_for_times`: one request a broker, however many partitions there are.
    ///
    /// - Parameter timeoutMilliseconds: for the call as a whole.
    public func lag(
        group: String, topics: [String], timeoutMilliseconds: Int32
    ) throws(KafkaError) -> [PartitionLag] {
        let deadline = Deadline(milliseconds: timeoutMilliseconds)
        let counts = try self.topics(named: topics, timeoutMilliseconds: deadline.milliseconds)
        let partitions = counts.flatMap { topic, count in
            (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
        }
        if partitions.isEmpty { return [] }
        let committed = try committed(group, partitions, deadline)
        let low = try offsets(partitions, at: RD_KAFKA_OFFSET_BEGINNING, deadline)
        let high = try offsets(partitions, at: RD_KAFKA_OFFSET_END, deadline)
        return partitions.sorted().map {
            PartitionLag(
                topicPartition: $0, committed: committed[$0], low: low[$0] ?? 0,
                high: high[$0] ?? 0)
        }
    }

    private func committed(
        _ group: String, _ partitions: [TopicPartition], _ deadline: Deadline
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let doing = "reading the committed offsets of \(group)"
        let options = try AdminOptions(
            client, for: RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
            timeoutMilliseconds: max(1, deadline.milliseconds))
        let queue = QueueHandle(newFor: client)
        let list = PartitionList(partitions)
        var request: OpaquePointer? = rd_kafka_ListConsumerGroupOffsets_new(group, list.raw)
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
        rd_kafka_ListConsumerGroupOffsets(client.raw, &request, 1, options.raw, queue.raw)
        let event = try queue.answer(within: deadline.milliseconds, doing: doing)
        var count = 0
        guard
            let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(event.raw, &count),
            count == 1, let result = groups[0]
        else { return [:] }
        if let error = rd_kafka_group_result_error(result) {
            // The event owns this one, so it is read here and not freed.
            let text = rd_kafka_error_string(error).map { String(cString: $0) }
            throw KafkaError(rd_kafka_error_code(error), text, doing: doing)
        }
        guard let offsets = rd_kafka_group_result_partitions(result) else { return [:] }
        try PartitionList.checkEach(offsets, doing: doing)
        return PartitionList.offsets(of: offsets)
    }

    private func offsets(
        _ partitions: [TopicPartition], at place: Int32, _ deadline: Deadline
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions, offset: Int64(place))
        let doing = "reading the watermarks"
        try KafkaError.check(
            rd_kafka_offsets_for_times(client.raw, list.raw, deadline.milliseconds), doing: doing)
        return try list.offsets(doing: doing)
    }
}
