import Jobs

extension StatusQuery {
    /// Which jobs a list shows; what is nil or empty leaves out none.
    public struct Filter: Sendable, Equatable {
        /// Where in time the list ends.
        public enum Since: Sendable, Equatable {
            case time(Timestamp)
            /// So many milliseconds before the present of the database.
            case ago(milliseconds: Int64)
        }

        public var states: [State] = []
        public var kinds: [String] = []
        public var relation: String?
        /// A target, alone or as `relation/target`; the latter counts if it is both.
        public var target: String?
        public var source: String?
        /// Jobs that a worker began to execute since then.
        public var since: Since?

        public init() {}

        /// Whether every job is shown.
        public var isEmpty: Bool { self == Filter() }

        /// Whether states, kinds, a relation or a source are asked for.
        var hasFacets: Bool {
            !states.isEmpty || !kinds.isEmpty || relation != nil || source != nil
        }

        /// The filter with `relation/target` taken apart; nil if its target cannot be that.
        ///
        /// The first slash counts: the name of a relation has none.
        var splittingTarget: Filter? {
            guard relation == nil, let target, let slash = target.firstIndex(of: "/") else {
                return nil
            }
            var filter = self
            filter.relation = String(target[..<slash])
            filter.target = String(target[target.index(after: slash)...])
            return filter
        }
    }

    /// Some jobs of the list.
    public struct Page: Sendable {
        /// The newest first.
        public let jobs: [Job]
        /// Whether older ones follow.
        public let hasMore: Bool

        public init(jobs: [Job], hasMore: Bool) {
            self.jobs = jobs
            self.hasMore = hasMore
        }
    }
}
