import Jobs
import Kafka

/// Why a job was not sent.
public enum EnqueueError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The request can never become a job.
    case request(MessageFault)
    /// The local queue stayed full, or Kafka refuses the record.
    case kafka(KafkaError)

    public var description: String {
        switch self {
        case .request(let fault): "\(fault)"
        case .kafka(let error): "\(error)"
        }
    }
}
