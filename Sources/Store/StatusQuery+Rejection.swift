extension StatusQuery {
    /// An item that was not applied, as it is kept.
    public struct Rejection: Sendable, Equatable {
        /// The item's number in the job, from 1.
        public let item: Int
        /// The member as the job gave it.
        public let member: String
        public let code: String
        public let message: String

        public init(item: Int, member: String, code: String, message: String) {
            self.item = item
            self.member = member
            self.code = code
            self.message = message
        }
    }

    /// A code and how many of a job's kept rejections have it.
    public struct RejectionCode: Sendable, Equatable {
        public let code: String
        public let count: Int

        public init(code: String, count: Int) {
            self.code = code
            self.count = count
        }
    }
}
