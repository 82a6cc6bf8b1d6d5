import Jobs
import Store

/// What people have paused, as the dispatcher obeys it: no job of it is begun.
///
/// Topics are not among it: their partitions are set aside whole. Nor is work in parts, of which nobody
/// claims any while it is paused.
struct Holds: Equatable {
    var relations: Set<String> = []
    var kinds: Set<Job.Kind> = []

    init() {}

    init(_ controls: Set<Control>) {
        for control in controls {
            switch control.subject {
            case .relation: relations.insert(control.name)
            case .kind: if let kind = Job.Kind(rawValue: control.name) { kinds.insert(kind) }
            case .topic, .backfill, .job: break
            }
        }
    }

    var isEmpty: Bool { relations.isEmpty && kinds.isEmpty }

    /// Whether a message is not to be begun.
    func holds(_ message: Message) -> Bool {
        guard !isEmpty, let job = message.job, job.assignment != nil else { return false }
        return relations.contains(job.entry) || kinds.contains(job.kind)
    }
}

/// The keys whose first message is held, and what they keep in memory.
struct HeldLine {
    var keys = Fifo<[UInt8]>()
    private(set) var jobs = 0
    private(set) var items = 0
    private(set) var bytes = 0

    mutating func append(_ key: [UInt8], _ slot: Dispatcher.Slot) {
        keys.append(key)
        slot.waiting.forEach { add($0.message) }
    }

    mutating func add(_ message: Message) {
        jobs += 1
        items += message.itemCount
        bytes += message.byteCount
    }

    static func += (line: inout HeldLine, other: HeldLine) {
        line.jobs += other.jobs
        line.items += other.items
        line.bytes += other.bytes
    }

    /// Whether it has more than half of what may be held in all.
    func isGreat(_ limits: Dispatcher.Limits) -> Bool {
        jobs * 2 > limits.inFlightJobs || items * 2 > limits.inFlightItems
            || bytes * 2 > limits.inFlightBytes
    }
}
