/// A point in time that several waits share.
struct Deadline {
    private let end: ContinuousClock.Instant

    init(milliseconds: Int32) { end = .now + .milliseconds(Int(milliseconds)) }

    var hasPassed: Bool { .now >= end }

    /// What is left, 0 if nothing is.
    var milliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: end) / Duration.milliseconds(1)
        return Int32(max(0, min(left.rounded(.up), Double(Int32.max))))
    }
}
