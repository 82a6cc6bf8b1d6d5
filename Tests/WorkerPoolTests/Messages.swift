import Execution
import Jobs
import Kafka

@testable import WorkerPool

let topic = "rollcall.assignments"
let start = ContinuousClock.now
let policy = RetryPolicy(firstDelay: .milliseconds(100), maxDelay: .seconds(10), attempts: 3)

func failure(_ kind: FailureClass) -> Failure {
    Failure(
        kind: kind, text: "\(kind)", isSilent: kind == .infrastructure,
        verdict: Rejection(code: "given-up", message: "\(kind)"))
}

func partition(_ number: Int32) -> TopicPartition {
    TopicPartition(topic: topic, partition: number)
}

func key(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of an assign job.
func assignText(
    id: UInt64, relation: String = "enrollment", target: String = "1", members: Int = 1,
    more: String = ""
) -> String {
    let list = (0..<members).map(String.init).joined(separator: ",")
    return """
        {"specversion":"1.0","id":"\(JobID(high: 0, low: id))","source":"/tests",\
        "type":"rollcall.assign","data":{"relation":"\(relation)","target":\(target),\
        "members":[\(list)]\(more)}}
        """
}

/// A message with an assign job, as a record at an offset would give it.
func message(
    _ offset: Int64, relation: String = "enrollment", members: Int = 1, isDryRun: Bool = false
) throws -> Message {
    let text = assignText(
        id: UInt64(offset), relation: relation, members: members,
        more: isDryRun ? ",\"dry_run\":true" : "")
    let event = try CloudEvent(value: Array(text.utf8), headers: [], depth: 8)
    return Message(
        origin: Origin(
            topic: topic, partition: 0, offset: offset, timestamp: Timestamp(milliseconds: 0)),
        key: nil, value: Array(text.utf8), headers: [], content: .job(try Job(event)))
}

/// A message that is no job.
func faultyMessage(_ offset: Int64) -> Message {
    Message(
        origin: Origin(
            topic: topic, partition: 0, offset: offset, timestamp: Timestamp(milliseconds: 0)),
        key: nil, value: [1, 2], headers: [], content: .fault(MessageFault(.notJSON, "no")))
}
