internal import CLibrdkafka

/// Owns one `rd_kafka_mock_cluster_t` and the client it lives in.
///
/// The corresponding C functions are `rd_kafka_mock_cluster_new` and
/// `rd_kafka_mock_cluster_destroy`.
// @unchecked because the mock cluster's functions either take its lock or hand the work to its own
// thread and wait for it (rdkafka_mock.c).
struct MockClusterHandle: ~Copyable, @unchecked Sendable {
    let raw: OpaquePointer

    init?(in client: consuming ClientHandle, brokers: Int32) {
        guard let raw = rd_kafka_mock_cluster_new(client.raw, brokers) else { return nil }
        self.raw = raw
        client.relinquish()
    }

    deinit {
        // The client goes last: the cluster's thread logs through it.
        let client = rd_kafka_mock_cluster_handle(raw)
        rd_kafka_mock_cluster_destroy(raw)
        if let client { _ = ClientHandle(takingOver: client) }
    }
}
