import Store

/// A job with its rejected items, as far as they were read.
struct StatusDetail {
    let job: StatusQuery.Job
    let codes: [StatusQuery.RejectionCode]
    let rejections: [StatusQuery.Rejection]
    /// Those of its parts that were asked for.
    var parts: [StatusQuery.Part] = []

    /// The rejected items that are kept; a job may have more, see the limit `limits.stored_rejections`.
    var kept: Int { codes.reduce(0) { $0 + $1.count } }
}
