import Jobs
import RollcallClient

/// The limits by which a worker with these settings refuses a message.
struct EnqueueLimits {
    let messageBytes: Int
    let jobItems: Int
    let jsonDepth: Int

    init(_ limits: Settings.Limits) {
        messageBytes = limits.messageBytes
        jobItems = limits.jobItems
        jsonDepth = limits.jsonDepth
    }

    /// Refuses what is over a limit.
    func check(_ message: OutgoingMessage) throws(MessageFault) {
        guard message.value.count <= messageBytes else {
            throw MessageFault(
                .tooLarge,
                "expected a message of at most \(messageBytes) bytes, got \(message.value.count)")
        }
        guard message.itemCount <= jobItems else {
            throw MessageFault(
                .tooLarge, "expected at most \(jobItems) items, got \(message.itemCount)")
        }
    }
}
