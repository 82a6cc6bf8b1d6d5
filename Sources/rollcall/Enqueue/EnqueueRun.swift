import ArgumentParser
import Jobs
import Kafka
import RollcallClient
import Store

/// What sending needs, ready before the first job is sent: nothing is sent that could not be
/// waited for.
struct EnqueueRun {
    /// How to wait for the end of what was sent.
    struct Wait {
        let reader: JobStatusReader
        /// The server's time before the first job was sent.
        let since: Timestamp
        let timeout: Duration
        let allowsRejections: Bool
    }

    let settings: Settings
    let topic: String?
    let wait: Wait?
    /// How many messages there are to send.
    let total: Int
    /// All messages are one job together.
    let isOneJob: Bool

    /// Connects to the database if the end is to be awaited; ends the command if it cannot.
    init(
        _ settings: Settings, topic: String?, _ waiting: EnqueueWaitOptions, total: Int = 1,
        isOneJob: Bool = false
    ) throws {
        self.settings = settings
        self.topic = topic
        self.total = total
        self.isOneJob = isOneJob
        guard waiting.wait else {
            wait = nil
            return
        }
        let connection = try Database.connect(settings)
        try Database.requireSchema(settings, on: connection)
        let reader = JobStatusReader(
            connection, schema: StatusSchema(name: settings.database.schema))
        wait = Wait(
            reader: reader, since: try Database.reporting { try reader.serverTime() },
            timeout: try waiting.duration(), allowsRejections: waiting.allowRejections)
    }

    /// Makes the producer.
    func open() throws -> EnqueueSession {
        do throws(KafkaError) {
            return try EnqueueSession(self)
        } catch {
            throw Brokers.failure(error)
        }
    }
}
