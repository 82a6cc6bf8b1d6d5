/// How many of the values noted lie within bounds that do not change.
public struct Histogram: Sendable, Equatable {
    /// The upper bounds, in ascending order; what lies above the last one is counted too.
    public let bounds: [Double]
    /// One count a bound, and one for what lies above all of them.
    public private(set) var counts: [Int]
    public private(set) var sum = 0.0

    public init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    public var count: Int { counts.reduce(0, +) }

    mutating func note(_ value: Double) {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        counts[low] += 1
        sum += value
    }

    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }
}

extension Histogram {
    /// From what one job takes to what waits behind a long import.
    public static let jobSeconds = Histogram([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400,
    ])
    /// Around what a transaction should take.
    static let transactionSeconds = Histogram([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ])
    static let items = Histogram([1, 5, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000, 100_000])
}
