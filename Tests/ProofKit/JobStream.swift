import Jobs

/// Messages over several topics and partitions, in the order in which they are sent.
///
/// Every message of a key goes to one partition, and what it writes no other key writes: the order
/// of the whole is an order of every key.
public struct JobStream: Sendable {
    /// A key and what it owns.
    public struct KeyGroup: Hashable, Sendable {
        /// nil for records without a key, which are ordered by their target.
        let key: String?
        let topic: String
        let partition: Int32
        let teams: [Int]
    }

    public struct Message: Hashable, Sendable {
        enum Content: Hashable, Sendable {
            case job(PlannedJob, isShuffled: Bool)
            /// A value that is no job, and the code of its dead letter.
            case bad(String, code: String)
            case tombstone
        }

        let group: Int
        var content: Content

        var job: PlannedJob? {
            if case .job(let job, _) = content { job } else { nil }
        }

        public var value: String? {
            switch content {
            case .job(let job, let isShuffled): job.event(isShuffled: isShuffled)
            case .bad(let text, _): text
            case .tombstone: nil
            }
        }
    }

    public static let topics = [
        "rollcall.assignments", "rollcall.roster-imports", "rollcall.backfills",
    ]
    public static let partitions: Int32 = 2

    let groups: [KeyGroup]
    public internal(set) var messages: [Message]

    /// Where a message goes.
    public func group(of message: Message) -> KeyGroup { groups[message.group] }

    /// The messages that leave something behind: tombstones do not.
    public var accountable: Int { messages.count { $0.content != .tombstone } }

    /// The stream as a person reads it, one line a message.
    public var story: String {
        messages.enumerated().map { number, message in
            let group = groups[message.group]
            return "\(number). \(group.topic)[\(group.partition)] key \(group.key ?? "none"): "
                + (message.value ?? "tombstone")
        }.joined(separator: "\n")
    }
}
