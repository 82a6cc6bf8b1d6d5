import Execution
import Jobs
import Kafka

/// Which message is executed when: in order within a key, in parallel across keys.
///
/// A value: the pool asks it under its lock, with the time as an argument, and acts outside. A key
/// is in one batch at a time, so its jobs take effect in their order; keys that wait stand in the
/// order in which they became ready.
struct Dispatcher {
    /// The most that a batch and the whole worker hold.
    struct Limits {
        var batchItems: Int
        var batchJobs: Int
        /// How long a message waits for others to share its transaction with.
        var window: Duration
        var inFlightJobs: Int
        var inFlightItems: Int
        var inFlightBytes: Int
    }

    /// Messages that were handed to a lane, with the places to close when they are done.
    struct Assignment: Sendable {
        let batch: Batch
        let tickets: [OffsetLedger.Ticket]
        fileprivate let keys: [[UInt8]]
        fileprivate let items: Int
        fileprivate let bytes: Int
    }

    private struct Task {
        let message: Message
        let ticket: OffsetLedger.Ticket
        let admitted: ContinuousClock.Instant
    }

    private struct Slot {
        let number: Int32
        var waiting = Fifo<Task>()
        var isInFlight = false
    }

    private let limits: Limits
    private var slots: [[UInt8]: Slot] = [:]
    /// The keys with messages and without a batch.
    private var ready = Fifo<[UInt8]>()
    private var nextNumber: Int32 = 0
    private(set) var waitingJobs = 0
    private var waitingItems = 0
    private(set) var jobs = 0
    private var items = 0
    private var bytes = 0
    /// The messages of each partition that a lane has.
    private var executing: [TopicPartition: Int] = [:]

    init(_ limits: Limits) { self.limits = limits }

    /// More is held than the limits allow: stop reading.
    var isFull: Bool {
        jobs >= limits.inFlightJobs || items >= limits.inFlightItems
            || bytes >= limits.inFlightBytes
    }

    /// So little is held that reading may go on.
    var hasRoom: Bool {
        jobs <= limits.inFlightJobs / 2 && items <= limits.inFlightItems / 2
            && bytes <= limits.inFlightBytes / 2
    }

    /// Takes a message; it waits behind those of its key.
    mutating func admit(
        _ message: Message, key: [UInt8], ticket: OffsetLedger.Ticket,
        at now: ContinuousClock.Instant
    ) {
        jobs += 1
        items += message.itemCount
        bytes += message.byteCount
        waitingJobs += 1
        waitingItems += message.itemCount
        if slots[key] == nil {
            slots[key] = Slot(number: nextNumber)
            nextNumber = nextNumber == .max ? 0 : nextNumber + 1
            ready.append(key)
        }
        slots[key]?.waiting.append(Task(message: message, ticket: ticket, admitted: now))
    }

    /// The next batch, if there is one and it is worth a transaction.
    ///
    /// It is while the window of the first message is over, or when there is enough to fill it.
    mutating func nextBatch(at now: ContinuousClock.Instant) -> Assignment? {
        guard let due = nextDue, due <= now else { return nil }
        var builder = BatchBuilder(limits)
        while !builder.isFull, let key = ready.first, var slot = slots[key] {
            var isTaken = false
            while let task = slot.waiting.first, builder.accepts(task.message, of: slot.number) {
                _ = slot.waiting.popFirst()
                builder.append(task.message, task.ticket, key: key, number: slot.number)
                isTaken = true
            }
            // A dry run or a full batch leaves the key where it is: at the front.
            guard isTaken else { break }
            _ = ready.popFirst()
            slot.isInFlight = true
            slots[key] = slot
        }
        let assignment = builder.assignment
        waitingJobs -= assignment.batch.entries.count
        waitingItems -= assignment.items
        for ticket in assignment.tickets { executing[ticket.partition, default: 0] += 1 }
        return assignment
    }

    /// When the next batch is worth a transaction; nil while nothing is ready.
    var nextDue: ContinuousClock.Instant? {
        guard let key = ready.first, let task = slots[key]?.waiting.first else { return nil }
        let isEnough = waitingJobs >= limits.batchJobs || waitingItems >= limits.batchItems
        return isEnough ? task.admitted : task.admitted.advanced(by: limits.window)
    }

    /// A batch has ended: its keys are free.
    mutating func settle(_ assignment: Assignment) {
        jobs -= assignment.batch.entries.count
        items -= assignment.items
        bytes -= assignment.bytes
        for ticket in assignment.tickets { executing[ticket.partition, default: 1] -= 1 }
        for key in assignment.keys {
            guard var slot = slots[key] else { continue }
            slot.isInFlight = false
            if slot.waiting.isEmpty {
                slots[key] = nil
            } else {
                slots[key] = slot
                ready.append(key)
            }
        }
    }

    /// Whether a lane has a message of these partitions.
    func isExecuting(_ partitions: [TopicPartition]) -> Bool {
        partitions.contains { executing[$0, default: 0] > 0 }
    }

    /// Drops the messages of these partitions that no lane has yet: another worker gets them.
    mutating func drop(_ partitions: Set<TopicPartition>) {
        for (key, var slot) in slots {
            slot.waiting.forEach { task in
                guard partitions.contains(task.ticket.partition) else { return }
                jobs -= 1
                items -= task.message.itemCount
                bytes -= task.message.byteCount
                waitingJobs -= 1
                waitingItems -= task.message.itemCount
            }
            slot.waiting.removeAll { partitions.contains($0.ticket.partition) }
            slots[key] = slot.waiting.isEmpty && !slot.isInFlight ? nil : slot
        }
        ready.removeAll { slots[$0] == nil }
    }
}

/// Gathers a batch up to its limits.
private struct BatchBuilder {
    private let limits: Dispatcher.Limits
    private var entries: [Batch.Entry] = []
    private var tickets: [OffsetLedger.Ticket] = []
    private var keys: [[UInt8]] = []
    private var items = 0
    private var bytes = 0
    private var holdsDryRun = false
    /// The relation of the last key's jobs in this batch.
    private var relation: (key: Int32, name: String)?

    init(_ limits: Dispatcher.Limits) { self.limits = limits }

    var isFull: Bool {
        holdsDryRun || entries.count >= limits.batchJobs || items >= limits.batchItems
    }

    /// A first message always fits; a dry run stands alone, and a key's jobs are for one relation.
    func accepts(_ message: Message, of key: Int32) -> Bool {
        guard !entries.isEmpty else { return true }
        guard !isFull, items + message.itemCount <= limits.batchItems else { return false }
        guard let assignment = message.job?.assignment else { return true }
        if assignment.isDryRun { return false }
        return relation.map { $0.key != key || $0.name == assignment.relation } ?? true
    }

    mutating func append(
        _ message: Message, _ ticket: OffsetLedger.Ticket, key: [UInt8], number: Int32
    ) {
        if entries.last?.key != number { keys.append(key) }
        entries.append(Batch.Entry(message: message, key: number))
        tickets.append(ticket)
        items += message.itemCount
        bytes += message.byteCount
        if let assignment = message.job?.assignment {
            holdsDryRun = assignment.isDryRun
            relation = (number, assignment.relation)
        }
    }

    var assignment: Dispatcher.Assignment {
        Dispatcher.Assignment(
            batch: Batch(entries), tickets: tickets, keys: keys, items: items, bytes: bytes)
    }
}
