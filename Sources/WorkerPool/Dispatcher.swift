import Execution
import Jobs
import Kafka

/// Which message is executed when: in order within a key, in parallel across keys.
///
/// A value: the pool asks it under its lock, with the time as an argument, and acts outside. A key
/// is in one batch at a time, so its jobs take effect in their order. What failed comes back and is
/// tried again from here, never by the lane that had it: lanes are for work that can go on.
///
/// Keys with messages stand in one of four lines. Most are *ready*. Those of a relation in
/// ``Trouble`` are tried one batch at a time until one succeeds. Those whose first message calls for
/// ``Caution`` have a few lanes to themselves, so that they delay each other and nobody else. Those whose
/// first message is paused stand aside, in the line of what is held.
struct Dispatcher {
    /// The most that a batch and the whole worker hold.
    struct Limits {
        var batchItems: Int
        var batchJobs: Int
        /// How long a message waits for others to share its transaction with.
        var window: Duration
        /// What a transaction should take.
        var transactionTime: Duration
        var lanes: Int
        var inFlightJobs: Int
        var inFlightItems: Int
        var inFlightBytes: Int

        /// The lanes that may be busy with messages that call for caution.
        var cautiousLanes: Int { max(1, lanes / 4) }
    }

    /// Why a message is not executed like any other.
    struct Caution: Sendable {
        /// The most messages of a batch that it is tried in.
        var company: Int
        /// Not before.
        var due: ContinuousClock.Instant
        /// How often in a row it was tried in vain, whosever fault it was.
        var tries = 0
        /// How often it failed alone and for its own sake.
        var failures = 0
        /// What keeps it from going on, for people.
        var reason: String?
        /// Why it is given up.
        var verdict: Rejection?
        /// Its last worker died with it: attempts are counted in the database before they are made.
        var isJournaled = false
        /// This worker has counted its attempt and not taken it back.
        var isCounted = false
    }

    /// A message in its place.
    struct Task: Sendable {
        let message: Message
        let ticket: OffsetLedger.Ticket
        let admitted: ContinuousClock.Instant
        var caution: Caution?

        var relation: String? { message.job?.entry }
    }

    /// From which line a batch was taken.
    enum Line: Sendable, Equatable {
        case ready
        /// The one batch that tries a relation in trouble.
        case probe(String)
        case cautious
    }

    /// Messages that were handed to a lane, with the places to close when they are done.
    struct Assignment: Sendable {
        let batch: Batch
        let line: Line
        let handedOut: ContinuousClock.Instant
        /// It waits for locks only briefly: it is to find out which of its keys is locked.
        let isImpatient: Bool
        let isJournaled: Bool
        var tasks: [Task]
        let keys: [[UInt8]]
        let items: Int
        let bytes: Int

        var tickets: [OffsetLedger.Ticket] { tasks.map(\.ticket) }
        var relations: Set<String> { Set(tasks.compactMap(\.relation)) }
        /// The same, with what may kill a worker counted as if it had, or not.
        func counted(_ isCounted: Bool) -> Assignment {
            var copy = self
            for index in copy.tasks.indices where copy.tasks[index].caution?.isJournaled == true {
                copy.tasks[index].caution?.isCounted = isCounted
            }
            return copy
        }

        /// It may kill its worker, and nothing else like it shall be blamed.
        var isSuspectAlone: Bool { isJournaled && tasks.count == 1 }
    }

    struct Slot {
        enum Place: Equatable {
            case nowhere
            case ready
            case troubled(String)
            case cautious
            case held
            case inFlight
        }

        let number: Int32
        var waiting = Fifo<Task>()
        var items = 0
        var place = Place.nowhere
    }

    let limits: Limits
    let policy: RetryPolicy
    var size: BatchSize
    var slots: [[UInt8]: Slot] = [:]
    private var nextNumber: Int32 = 0

    /// The keys with messages that anybody may execute.
    var ready = Fifo<[UInt8]>()
    var readyJobs = 0
    var readyItems = 0
    var cautious = Fifo<[UInt8]>()
    var troubles: [String: Trouble] = [:]
    /// What people have paused, and the keys that wait for it.
    var holds = Holds()
    var held = HeldLine()
    /// The database is away; one batch at a time asks whether it is back.
    var outage: Outage?
    var lastRecovery: ContinuousClock.Instant?

    private(set) var waitingJobs = 0
    private(set) var jobs = 0
    private var items = 0
    private var bytes = 0
    /// The batches that lanes have.
    private(set) var executingBatches = 0
    private(set) var cautiousBatches = 0
    private(set) var isSuspectExecuting = false
    /// A cautious batch was the last to be handed out: somebody else is next.
    var wasCautious = false
    /// The messages of each partition that a lane has.
    private var executing: [TopicPartition: Int] = [:]

    init(_ limits: Limits, policy: RetryPolicy) {
        self.limits = limits
        self.policy = policy
        size = BatchSize(aim: limits.transactionTime, limit: limits.batchItems)
    }

    /// More is held than the limits allow: stop reading.
    var isFull: Bool {
        jobs >= limits.inFlightJobs || items >= limits.inFlightItems
            || bytes >= limits.inFlightBytes
    }

    /// So little is in hand that reading may go on, beside what is paused.
    var hasRoom: Bool {
        jobs - held.jobs <= (limits.inFlightJobs - held.jobs) / 2
            && items - held.items <= (limits.inFlightItems - held.items) / 2
            && bytes - held.bytes <= (limits.inFlightBytes - held.bytes) / 2
    }

    /// Takes a message; it waits behind those of its key.
    mutating func admit(
        _ message: Message, key: [UInt8], ticket: OffsetLedger.Ticket, caution: Caution? = nil,
        at now: ContinuousClock.Instant
    ) {
        jobs += 1
        items += message.itemCount
        bytes += message.byteCount
        waitingJobs += 1
        if slots[key] == nil {
            slots[key] = Slot(number: nextNumber)
            nextNumber = nextNumber == .max ? 0 : nextNumber + 1
        }
        guard let index = slots.index(forKey: key) else { return }
        slots.values[index].waiting.append(
            Task(message: message, ticket: ticket, admitted: now, caution: caution))
        slots.values[index].items += message.itemCount
        switch slots.values[index].place {
        case .nowhere: lineUp(key)
        case .ready:
            readyJobs += 1
            readyItems += message.itemCount
        case .held: held.add(message)
        case .cautious, .troubled, .inFlight: break
        }
    }

    /// How a message is executed with which other workers died.
    ///
    /// - Parameter deaths: how many of them had begun it; 0 for one that they may have had in hand.
    func caution(deaths: Int, at now: ContinuousClock.Instant) -> Caution {
        var caution = Caution(company: deaths > 0 ? 1 : limits.batchJobs, due: now)
        caution.isJournaled = true
        if deaths >= policy.attempts {
            caution.failures = deaths
            caution.verdict = Rejection(
                code: "worker-died",
                message: "expected workers to survive it, got \(deaths) that died while they "
                    + "executed it")
        }
        return caution
    }

    /// Puts a key that is in no line into the one that its first message belongs to.
    mutating func lineUp(_ key: [UInt8]) {
        guard let slot = slots[key] else { return }
        guard let first = slot.waiting.first else {
            slots[key] = nil
            return
        }
        if holds.holds(first.message) {
            slots[key]?.place = .held
            held.append(key, slot)
        } else if first.caution != nil {
            slots[key]?.place = .cautious
            cautious.append(key)
        } else if let relation = first.relation, troubles[relation] != nil {
            slots[key]?.place = .troubled(relation)
            troubles[relation]?.keys.append(key)
        } else {
            slots[key]?.place = .ready
            ready.append(key)
            readyJobs += slot.waiting.count
            readyItems += slot.items
        }
    }

    /// Counts a batch that a lane gets; its keys have left their lines.
    mutating func begin(_ assignment: Assignment) {
        executingBatches += 1
        outage?.isProbing = true
        waitingJobs -= assignment.tasks.count
        wasCautious = assignment.line == .cautious
        if wasCautious { cautiousBatches += 1 }
        if assignment.isSuspectAlone { isSuspectExecuting = true }
        if case .probe(let relation) = assignment.line { troubles[relation]?.isProbing = true }
        for task in assignment.tasks { executing[task.ticket.partition, default: 0] += 1 }
    }

    /// Counts a batch that a lane has given back.
    mutating func end(_ assignment: Assignment) {
        executingBatches -= 1
        if let outage, assignment.handedOut > outage.since { self.outage?.isProbing = false }
        if assignment.line == .cautious { cautiousBatches -= 1 }
        if assignment.isSuspectAlone { isSuspectExecuting = false }
        if case .probe(let relation) = assignment.line { troubles[relation]?.isProbing = false }
        for task in assignment.tasks { executing[task.ticket.partition, default: 1] -= 1 }
    }

    /// Puts messages back to the front of their keys.
    ///
    /// - Parameter isCurrent: false for messages of partitions that this worker has lost.
    mutating func putBack(
        _ tasks: [Task], of assignment: Assignment, isCurrent: (OffsetLedger.Ticket) -> Bool
    ) {
        var next = 0
        for key in assignment.keys {
            guard let number = slots[key]?.number else { continue }
            var own: [Task] = []
            while next < tasks.count, assignment.batch.entries[next].key == number {
                if isCurrent(tasks[next].ticket) {
                    own.append(tasks[next])
                    waitingJobs += 1
                } else {
                    forget(tasks[next])
                }
                next += 1
            }
            slots[key]?.waiting.prepend(own)
            slots[key]?.items += own.reduce(0) { $0 + $1.message.itemCount }
        }
    }

    /// Frees the keys of a batch that has ended.
    mutating func release(_ keys: [[UInt8]]) {
        for key in keys {
            slots[key]?.place = .nowhere
            lineUp(key)
        }
    }

    /// A message is held no more.
    mutating func forget(_ task: Task) {
        jobs -= 1
        items -= task.message.itemCount
        bytes -= task.message.byteCount
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
                forget(task)
                waitingJobs -= 1
                slot.items -= task.message.itemCount
            }
            slot.waiting.removeAll { partitions.contains($0.ticket.partition) }
            slots[key] = slot
        }
        lineUpAgain()
        forgetEmptyTroubles()
    }

    /// Ends the troubles of relations without messages.
    mutating func forgetEmptyTroubles() {
        for (relation, trouble) in troubles where trouble.keys.isEmpty && !trouble.isProbing {
            troubles[relation] = nil
        }
    }

    /// Makes the lines anew, in the order in which the keys stood.
    mutating func lineUpAgain() {
        var keys: [[UInt8]] = []
        held.keys.forEach { keys.append($0) }
        held = HeldLine()
        cautious.forEach { keys.append($0) }
        for relation in troubles.keys.sorted() {
            troubles[relation]?.keys.forEach { keys.append($0) }
            troubles[relation]?.keys = Fifo()
        }
        ready.forEach { keys.append($0) }
        (cautious, ready, readyJobs, readyItems) = (Fifo(), Fifo(), 0, 0)
        release(keys)
    }
}
