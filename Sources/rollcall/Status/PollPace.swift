/// How long a wait pauses between two looks: 50 ms at first, growing to a second.
///
/// A job that ends at once is noticed at once, and a long one costs the database little.
struct PollPace {
    private static let first = Duration.milliseconds(50)
    private static let longest = Duration.seconds(1)

    private var next = first

    /// The pause before the next look, cut at the end of the wait; nil when that has come.
    ///
    /// - Parameter left: how long the wait may still last; nil without a limit.
    mutating func pause(left: Duration?) -> Duration? {
        let pause = next
        next = min(next * 3 / 2, Self.longest)
        guard let left else { return pause }
        return left > .zero ? min(pause, left) : nil
    }

    /// Begins anew, because something has happened.
    mutating func hurry() { next = Self.first }
}
