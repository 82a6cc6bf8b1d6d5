import Kafka

/// What is in flight of each partition, and up to where all is done.
///
/// A value: the pool asks it under its lock and acts outside. Only what is known to be committed in
/// the database is closed here, so the watermark that goes to Kafka and to the database never passes
/// it.
struct OffsetLedger {
    /// A record's place in the ledger.
    struct Ticket: Hashable, Sendable {
        let partition: TopicPartition
        /// The assignment during which it was read; later assignments do not know it.
        fileprivate let epoch: UInt64
        fileprivate let sequence: Int
    }

    /// Where the watermark is written to.
    enum Copy: Int, CaseIterable {
        case kafka
        case database
    }

    private struct PartitionState {
        let epoch: UInt64
        /// The sequence number of `open`'s first element.
        var base = 0
        /// The offsets from the first that is not done, in the order of reading.
        ///
        /// Gaps between offsets (compaction, transactions) need no care: only records that came are
        /// here.
        var open: [(offset: Int64, timestamp: Int64?, isDone: Bool)] = []
        /// The elements before this one are done.
        var head = 0
        /// The next offset to read, as far as all before it is done.
        var watermark: Int64?
        /// The watermark that each copy has.
        var written: [Int64?] = Copy.allCases.map { _ in nil }
    }

    private var partitions: [TopicPartition: PartitionState] = [:]
    private var nextEpoch: UInt64 = 0

    /// The partitions that this worker has.
    var assigned: [TopicPartition] { Array(partitions.keys) }

    /// Begins a partition, or begins it anew: tickets of before count no more.
    mutating func assign(_ partition: TopicPartition) {
        partitions[partition] = PartitionState(epoch: nextEpoch)
        nextEpoch += 1
    }

    /// Forgets a partition: what is still in flight of it commits no offset any more.
    mutating func remove(_ partition: TopicPartition) { partitions[partition] = nil }

    /// The partitions that hold more records than this behind their first that is not done.
    func longer(than limit: Int) -> [TopicPartition] {
        partitions.filter { $0.value.open.count - $0.value.head > limit }.map(\.key)
    }

    /// From where all that is not done of a partition would be read again; nil where nothing was read.
    func position(of partition: TopicPartition) -> Int64? {
        guard let state = partitions[partition] else { return nil }
        return state.head < state.open.count ? state.open[state.head].offset : state.watermark
    }

    /// Whether a record was read during the assignment of now.
    func isCurrent(_ ticket: Ticket) -> Bool {
        partitions[ticket.partition]?.epoch == ticket.epoch
    }

    /// Notes a record that was read.
    ///
    /// - Parameter timestamp: when it was written, in milliseconds since 1970, where that is known.
    /// - Returns: nil for a partition that is not, or no longer, this worker's.
    mutating func open(
        _ partition: TopicPartition, offset: Int64, timestamp: Int64? = nil
    ) -> Ticket? {
        guard let index = partitions.index(forKey: partition) else { return nil }
        let epoch = partitions.values[index].epoch
        let sequence = partitions.values[index].base + partitions.values[index].open.count
        partitions.values[index].open.append((offset, timestamp, false))
        return Ticket(partition: partition, epoch: epoch, sequence: sequence)
    }

    /// Notes that a record's effect, or its dead letter, is committed.
    mutating func close(_ ticket: Ticket) {
        guard let index = partitions.index(forKey: ticket.partition) else { return }
        Self.close(ticket, in: &partitions.values[index])
    }

    private static func close(_ ticket: Ticket, in state: inout PartitionState) {
        guard state.epoch == ticket.epoch else { return }
        state.open[ticket.sequence - state.base].isDone = true
        while state.head < state.open.count, state.open[state.head].isDone {
            state.watermark = state.open[state.head].offset + 1
            state.head += 1
        }
        if state.head > 256, state.head * 2 > state.open.count {
            state.open.removeFirst(state.head)
            state.base += state.head
            state.head = 0
        }
    }

    /// The watermarks that a copy does not have yet; they count as written from now on.
    mutating func takeWatermarks(
        for copy: Copy, of list: [TopicPartition]? = nil
    ) -> [TopicPartition: Int64] {
        var offsets: [TopicPartition: Int64] = [:]
        for partition in list ?? Array(partitions.keys) {
            guard let state = partitions[partition], let watermark = state.watermark,
                watermark != state.written[copy.rawValue]
            else { continue }
            offsets[partition] = watermark
            partitions[partition]?.written[copy.rawValue] = watermark
        }
        return offsets
    }

    /// The watermark that a copy has, as far as this assignment has written one.
    func written(to copy: Copy, of partition: TopicPartition) -> Int64? {
        partitions[partition]?.written[copy.rawValue] ?? nil
    }

    /// Whether records of a partition are in flight.
    func hasOpen(_ partition: TopicPartition) -> Bool {
        partitions[partition].map { $0.head < $0.open.count } ?? false
    }

    /// When the oldest record that is not done was written; nil where nothing is in flight, or that is
    /// not known.
    func oldest(of partition: TopicPartition) -> Int64? {
        guard let state = partitions[partition], state.head < state.open.count else { return nil }
        return state.open[state.head].timestamp
    }

    /// Takes back watermarks that could not be written, so that they are taken again.
    mutating func restore(_ offsets: [TopicPartition: Int64], for copy: Copy) {
        for (partition, offset) in offsets
        where partitions[partition]?.written[copy.rawValue] == offset {
            partitions[partition]?.written[copy.rawValue] = nil
        }
    }

    /// Takes all watermarks back: whether Kafka has them is not known.
    mutating func forgetCommits() {
        for partition in assigned { partitions[partition]?.written[Copy.kafka.rawValue] = nil }
    }
}
