import Execution

extension OutboxPublisher.Settings {
    init(_ pool: PoolSettings, topic: String) {
        self.init(
            workerID: pool.workerID, conninfo: pool.conninfo,
            connectTimeoutSeconds: pool.connectTimeoutSeconds, schema: pool.schema,
            transaction: pool.execution.transaction, kafka: pool.producer, topic: topic,
            retryFirstDelay: pool.retryFirstDelay, retryMaxDelay: pool.retryMaxDelay)
    }
}
