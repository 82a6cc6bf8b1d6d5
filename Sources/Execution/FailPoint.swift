#if FAIL_POINTS
    import Glibc
    import Jobs

    /// A place where a test can stop, hold or kill this process.
    ///
    /// `ROLLCALL_FAIL_POINT` names one place, how often it is passed first, and what happens then:
    /// `before-commit:3:kill`, `after-commit:stop`, `before-offset-commit:hold=/path` or
    /// `during-job=<job id>:kill`. It is read once. A release build has none of this.
    public enum FailPoint: String, CaseIterable, Sendable {
        /// All is written and nothing of it is committed yet.
        case beforeCommit = "before-commit"
        /// The transaction is committed and nobody has been told.
        case afterCommit = "after-commit"
        /// What is done is about to be committed to Kafka.
        case beforeOffsetCommit = "before-offset-commit"
        /// The worker stops and its lanes are not still yet.
        case whileDraining = "while-draining"
        /// Partitions have come and nothing of them was read yet.
        case afterAssignment = "after-assignment"
        /// A part is claimed and nothing of it is executed yet.
        case duringPart = "during-part"
        /// All of a part is written and nothing of it is committed yet.
        case insidePart = "inside-part"
        /// A part is committed and nobody has been told.
        case afterPart = "after-part"
        /// A job is about to be executed, whenever that is: not counted.
        case duringJob = "during-job"

        /// Says that this place is reached.
        public func reach() {
            guard let order = FailPointOrder.given, order.place == self, order.job == nil else {
                return
            }
            order.count()
        }

        /// Says that this place is reached with these jobs.
        func reach(with jobs: @autoclosure () -> some Sequence<JobID>) {
            guard let order = FailPointOrder.given, order.place == self, let job = order.job,
                jobs().contains(job)
            else { return }
            order.act()
        }
    }
#else
    /// A place where a test can stop, hold or kill this process: not in a release build.
    public enum FailPoint {
        case beforeCommit, afterCommit, beforeOffsetCommit, whileDraining, afterAssignment
        case duringPart, insidePart, afterPart, duringJob

        @inlinable @inline(__always)
        public func reach() {}

        @inline(__always)
        func reach<Jobs>(with jobs: @autoclosure () -> Jobs) {}
    }
#endif
