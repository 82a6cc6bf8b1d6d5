internal import CLibrdkafka

/// Owns one `rd_kafka_topic_partition_list_t`.
///
/// The corresponding C functions are `rd_kafka_topic_partition_list_new` and
/// `rd_kafka_topic_partition_list_destroy`.
struct PartitionList: ~Copyable {
    let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(takingOver raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.raw = raw }

    deinit { rd_kafka_topic_partition_list_destroy(raw) }

    init(_ partitions: some Collection<TopicPartition>) {
        raw = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        for each in partitions {
            rd_kafka_topic_partition_list_add(raw, each.topic, each.partition)
        }
    }

    init(_ offsets: [TopicPartition: Int64]) {
        raw = rd_kafka_topic_partition_list_new(Int32(offsets.count))
        for (each, offset) in offsets {
            rd_kafka_topic_partition_list_add(raw, each.topic, each.partition).pointee.offset =
                offset
        }
    }

    /// The same logical offset, such as "the end", for every partition.
    init(_ partitions: some Collection<TopicPartition>, offset: Int64) {
        self.init(partitions)
        for index in 0..<Int(raw.pointee.cnt) { raw.pointee.elems[index].offset = offset }
    }

    /// Topics without partitions, as a subscription wants them.
    init(topics: [String]) {
        raw = rd_kafka_topic_partition_list_new(Int32(topics.count))
        for topic in topics { rd_kafka_topic_partition_list_add(raw, topic, RD_KAFKA_PARTITION_UA) }
    }

    var partitions: [TopicPartition] { PartitionList.partitions(of: raw) }

    /// Every partition's offset, without those that have none.
    func offsets(doing: String) throws(KafkaError) -> [TopicPartition: Int64] {
        try PartitionList.checkEach(raw, doing: doing)
        return PartitionList.offsets(of: raw)
    }

    static func partitions(
        of list: UnsafePointer<rd_kafka_topic_partition_list_t>
    ) -> [TopicPartition] {
        (0..<Int(list.pointee.cnt)).map { TopicPartition(list.pointee.elems[$0]) }
    }

    static func offsets(
        of list: UnsafePointer<rd_kafka_topic_partition_list_t>
    ) -> [TopicPartition: Int64] {
        var offsets: [TopicPartition: Int64] = [:]
        for index in 0..<Int(list.pointee.cnt) where list.pointee.elems[index].offset >= 0 {
            offsets[TopicPartition(list.pointee.elems[index])] = list.pointee.elems[index].offset
        }
        return offsets
    }

    /// Throws the first partition's error, if any has one: a call may succeed for some only.
    static func checkEach(
        _ list: UnsafePointer<rd_kafka_topic_partition_list_t>, doing: String
    ) throws(KafkaError) {
        for index in 0..<Int(list.pointee.cnt) {
            let each = list.pointee.elems[index]
            if each.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                throw KafkaError(each.err, doing: "\(doing) of \(TopicPartition(each))")
            }
        }
    }
}

extension TopicPartition {
    init(_ element: rd_kafka_topic_partition_t) {
        self.init(topic: String(cString: element.topic), partition: element.partition)
    }
}
