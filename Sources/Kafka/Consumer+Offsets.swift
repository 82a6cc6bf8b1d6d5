internal import CLibrdkafka

extension Consumer {
    /// Commits and waits for the broker's answer.
    ///
    /// May be called from within the listener.
    /// The corresponding C function is `rd_kafka_commit_queue`.
    ///
    /// - Parameters:
    ///   - offsets: for each partition the offset of the next record to read.
    ///   - timeoutMilliseconds: how long to wait; a commit that timed out may still arrive.
    /// - Throws: the answer's error, or the first partition's.
    public func commit(
        _ offsets: [TopicPartition: Int64], timeoutMilliseconds: Int32 = 10_000
    ) throws(KafkaError) {
        if offsets.isEmpty { return }
        let list = PartitionList(offsets)
        let queue = QueueHandle(newFor: client)
        try KafkaError.check(
            rd_kafka_commit_queue(client.raw, list.raw, queue.raw, nil, nil), doing: "committing")
        let event = try queue.answer(within: timeoutMilliseconds, doing: "committing")
        if let results = rd_kafka_event_topic_partition_list(event.raw) {
            try PartitionList.checkEach(results, doing: "committing")
        }
    }

    /// Commits without waiting.
    ///
    /// A failure is among the errors of a later `poll`.
    /// The corresponding C function is `rd_kafka_commit_queue`.
    ///
    /// - Parameter offsets: for each partition the offset of the next record to read.
    /// - Throws: only what is wrong before anything is sent.
    public func commitAsync(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        if offsets.isEmpty { return }
        let list = PartitionList(offsets)
        let queue = QueueHandle(mainOf: client)
        try KafkaError.check(
            rd_kafka_commit_queue(client.raw, list.raw, queue.raw, commitAnswered, nil),
            doing: "committing")
    }

    /// The partitions of which a broker has taken asynchronous commits since the last call.
    public func takeCommitted() -> Set<TopicPartition> { context.takeCommitted() }

    /// Asks the broker what the group has committed.
    ///
    /// May be called from within the listener.
    /// The corresponding C function is `rd_kafka_committed`.
    ///
    /// - Returns: the next offsets, without partitions for which nothing is committed.
    public func committed(
        _ partitions: [TopicPartition], timeoutMilliseconds: Int32
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        if partitions.isEmpty { return [:] }
        let list = PartitionList(partitions)
        let doing = "reading the committed offsets"
        try KafkaError.check(
            rd_kafka_committed(client.raw, list.raw, timeoutMilliseconds), doing: doing)
        return try list.offsets(doing: doing)
    }

    /// Goes on reading at other offsets, in partitions the consumer has.
    ///
    /// The corresponding C function is `rd_kafka_seek_partitions`.
    public func seek(
        _ offsets: [TopicPartition: Int64], timeoutMilliseconds: Int32
    ) throws(KafkaError) {
        if offsets.isEmpty { return }
        let list = PartitionList(offsets)
        try KafkaError.check(
            rd_kafka_seek_partitions(client.raw, list.raw, timeoutMilliseconds), doing: "seeking")
        try PartitionList.checkEach(list.raw, doing: "seeking")
    }

    /// Begins partitions anew at other offsets, as if they had just been assigned; they are not paused.
    ///
    /// Unlike `seek` it leaves nothing of before: neither what was read ahead nor the position to
    /// which a pause returns. It belongs to the thread that polls, between two polls.
    /// The corresponding C functions are `rd_kafka_incremental_unassign` and
    /// `rd_kafka_incremental_assign`, or `rd_kafka_seek_partitions` in a group that is not
    /// cooperative.
    ///
    /// - Parameter offsets: for each partition the next offset to read; -2 is the first that is there.
    public func restart(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
        if offsets.isEmpty { return }
        let name = rd_kafka_rebalance_protocol(client.raw).map { String(cString: $0) }
        guard name == "COOPERATIVE" else {
            return try seek(offsets, timeoutMilliseconds: 10_000)
        }
        let list = PartitionList(offsets)
        let doing = "reading \(offsets.count) partitions anew"
        try KafkaError.check(rd_kafka_incremental_unassign(client.raw, list.raw), doing: doing)
        try KafkaError.check(rd_kafka_incremental_assign(client.raw, list.raw), doing: doing)
        try KafkaError.check(rd_kafka_resume_partitions(client.raw, list.raw), doing: doing)
    }

    /// Reads nothing more from these partitions, and drops what was read ahead, until `resume`.
    ///
    /// Polling goes on as usual and keeps the membership alive.
    /// The corresponding C function is `rd_kafka_pause_partitions`.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_pause_partitions(client.raw, list.raw), doing: "pausing")
        try PartitionList.checkEach(list.raw, doing: "pausing")
    }

    /// Reads these partitions again, from the record after the last one that was polled.
    ///
    /// The corresponding C function is `rd_kafka_resume_partitions`.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_resume_partitions(client.raw, list.raw), doing: "resuming")
        try PartitionList.checkEach(list.raw, doing: "resuming")
    }
}

/// Called by librdkafka inside a poll, with the answer to an asynchronous commit.
private func commitAnswered(
    _ client: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let context = ClientContext.of(client) else { return }
    do throws(KafkaError) {
        try KafkaError.check(code, doing: "committing")
        guard let list else { return }
        try PartitionList.checkEach(list, doing: "committing")
        context.noteCommitted(PartitionList.partitions(of: list))
    } catch {
        context.report(error)
    }
}
