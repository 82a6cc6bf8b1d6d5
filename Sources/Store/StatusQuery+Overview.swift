extension StatusQuery {
    /// How much there is and how fast it goes.
    public struct Overview: Sendable, Equatable {
        /// Up to here jobs are counted, beyond they are estimated.
        static let countedMax = 10_000
        /// The most jobs from which the rate is taken.
        static let sampledMax = 10_000

        /// How many jobs there are, about or exactly.
        public let jobs: Int
        public let isEstimate: Bool
        /// Workers that gave a sign of life in the last 30 seconds.
        public let workers: Int
        /// Items with an outcome, averaged over the last minute.
        public let itemsPerSecond: Double
        /// Workers that something keeps from going on, each with what it is and who holds it.
        public let waits: [String]

        public init(
            jobs: Int, isEstimate: Bool, workers: Int, itemsPerSecond: Double,
            waits: [String] = []
        ) {
            self.jobs = jobs
            self.isEstimate = isEstimate
            self.workers = workers
            self.itemsPerSecond = itemsPerSecond
            self.waits = waits
        }

        /// - Parameters:
        ///   - counted: the jobs, counted up to one more than `countedMax`.
        ///   - estimate: the planner's estimate; nil if it has none yet.
        init(
            counted: Int, estimate: Int?, workers: Int, itemsPerSecond: Double, waits: [String]
        ) {
            let isEstimate = counted > Self.countedMax
            self.init(
                jobs: isEstimate ? max(counted, estimate ?? 0) : counted, isEstimate: isEstimate,
                workers: workers, itemsPerSecond: itemsPerSecond, waits: waits)
        }
    }
}
