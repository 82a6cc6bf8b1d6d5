import Kafka
import Store

/// Whether what was read may be executed, and from where partitions are read.
///
/// A value. A partition may be executed once it is known what the database remembers of it; until
/// then nothing is, because what is behind might have to come first. When the database turns out to be
/// another one than before, all partitions are in doubt again.
struct Custody {
    /// What a claim means for a partition.
    struct Move: Equatable {
        let partition: TopicPartition
        let start: StartOffset
    }

    /// Records that were in the hands of a worker that died.
    private struct Suspects {
        /// Those before this offset may have been.
        let end: Int64
        /// How often workers died with them, as far as that was counted.
        let attempts: [Int64: Int]
    }

    /// Why a partition is in doubt.
    private enum Doubt {
        /// It was assigned just now.
        case isNew
        /// It was assigned, and is not being read.
        case isUnread
        /// It was executed before, in a database that may have been another one.
        case mayBeForgotten
        /// It was executed before, in another database.
        case isForgotten
    }

    /// The database in which the partitions are executed; nil until it has answered.
    private(set) var database: String?
    private var doubts: [TopicPartition: Doubt] = [:]
    private var unasked: Set<TopicPartition> = []
    private var answers: [Progress.Claim] = []
    /// The offsets that the database is known to have.
    private var saved: [TopicPartition: Int64] = [:]
    private var suspects: [TopicPartition: Suspects] = [:]
    /// How many records a worker may have had in hand.
    private let reach: Int

    /// - Parameter inFlight: the most records that a worker has in hand.
    init(inFlight: Int) {
        // It may have done some that it had not yet said were done.
        reach = inFlight * 2
    }

    var mayExecute: Bool { doubts.isEmpty && database != nil }

    mutating func assign(_ partitions: [TopicPartition]) {
        for partition in partitions {
            doubts[partition] = .isNew
            unasked.insert(partition)
        }
    }

    mutating func remove(_ partitions: [TopicPartition]) {
        for partition in partitions {
            doubts[partition] = nil
            unasked.remove(partition)
            saved[partition] = nil
            suspects[partition] = nil
        }
    }

    /// What the database remembers of these partitions must be asked again.
    mutating func doubt(_ partitions: [TopicPartition]) {
        for partition in partitions where doubts[partition] == nil {
            doubts[partition] = .mayBeForgotten
            unasked.insert(partition)
        }
    }

    /// These partitions are not being read: somebody must say from where.
    mutating func beginAnew(_ partitions: [TopicPartition]) {
        for partition in partitions {
            doubts[partition] = .isUnread
            unasked.insert(partition)
        }
    }

    /// Reading these partitions anew has failed: they stay in doubt, whatever the database says.
    mutating func doubtAgain(_ partitions: [TopicPartition]) {
        for partition in partitions {
            doubts[partition] = .isForgotten
            unasked.insert(partition)
        }
    }

    /// The partitions that nobody has asked about yet.
    mutating func takeUnasked() -> [TopicPartition] {
        defer { unasked = [] }
        return unasked.sorted()
    }

    mutating func note(_ answer: Progress.Claim) { answers.append(answer) }

    mutating func takeAnswer() -> Progress.Claim? {
        answers.isEmpty ? nil : answers.removeFirst()
    }

    mutating func noteSaved(_ offsets: [TopicPartition: Int64]) {
        saved.merge(offsets) { $1 }
    }

    /// The partitions of which nobody has said yet where they begin: Kafka has to be asked too.
    var unbegun: [TopicPartition] {
        doubts.filter { $0.value == .isNew || $0.value == .isUnread }.keys.sorted()
    }

    /// Ends the doubts that an answer clears up.
    ///
    /// - Parameters:
    ///   - committed: what Kafka remembers of those not begun yet; nil if it could not be asked.
    ///   - assigned: all partitions of this worker.
    /// - Returns: where reading of those partitions begins or begins anew.
    mutating func settle(
        _ answer: Progress.Claim, committed: [TopicPartition: Int64]?,
        assigned: [TopicPartition]
    ) -> [Move] {
        let isOther = database != nil && database != answer.database
        database = answer.database
        var moves: [Move] = []
        for partition in doubts.keys.sorted() {
            guard let memory = answer.memories[Progress.Place(partition)] else { continue }
            switch doubts[partition] {
            case .isNew, .isUnread:
                note(memory, answer, committed, of: partition)
                var start = Self.start(memory.offset, committed, partition)
                if start == .unknown, doubts[partition] == .isUnread { start = .beginning }
                moves.append(Move(partition: partition, start: start))
            case .mayBeForgotten, .isForgotten:
                let hasLess =
                    memory.offset.map { $0 < saved[partition] ?? 0 } ?? (saved[partition] != nil)
                guard isOther || hasLess || doubts[partition] == .isForgotten else { break }
                moves.append(
                    Move(
                        partition: partition,
                        start: memory.offset.map(StartOffset.at) ?? .beginning))
            case nil: break
            }
            doubts[partition] = nil
            saved[partition] = memory.offset
        }
        guard isOther else { return moves }
        for partition in assigned where answer.memories[Progress.Place(partition)] == nil {
            guard doubts[partition] != .isNew, doubts[partition] != .isUnread else { continue }
            doubts[partition] = .isForgotten
            unasked.insert(partition)
        }
        return moves
    }

    private static func start(
        _ remembered: Int64?, _ committed: [TopicPartition: Int64]?, _ partition: TopicPartition
    ) -> StartOffset {
        guard let committed else { return remembered.map(StartOffset.at) ?? .beginning }
        return StartOffset(remembered: remembered, committed: committed[partition])
    }

    private mutating func note(
        _ memory: Progress.Memory, _ answer: Progress.Claim, _ committed: [TopicPartition: Int64]?,
        of partition: TopicPartition
    ) {
        let attempts = answer.attempts[Progress.Place(partition)] ?? [:]
        guard memory.holder != nil || !attempts.isEmpty else { return }
        let first = memory.offset ?? committed?[partition] ?? 0
        suspects[partition] = Suspects(
            end: memory.holder == nil ? first : first + Int64(reach), attempts: attempts)
    }

    /// How often workers died with a record in hand that was executed with care; nil if it calls for
    /// no care.
    func deaths(at offset: Int64, of partition: TopicPartition) -> Int? {
        guard let suspects = suspects[partition] else { return nil }
        if let attempts = suspects.attempts[offset] { return attempts }
        return offset < suspects.end ? 0 : nil
    }
}
