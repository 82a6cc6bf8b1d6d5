import Execution

extension DeadLetterPublisher.Settings {
    init(_ pool: PoolSettings) {
        self.init(
            workerID: pool.workerID, conninfo: pool.conninfo,
            connectTimeoutSeconds: pool.connectTimeoutSeconds, schema: pool.schema,
            transaction: pool.execution.transaction, kafka: pool.producer,
            topic: pool.deadLetterTopic, group: pool.group,
            retryFirstDelay: pool.retryFirstDelay, retryMaxDelay: pool.retryMaxDelay)
    }
}
