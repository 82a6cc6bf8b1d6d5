/// How a `timestamptz` travels in binary: microseconds since 2000-01-01 00:00 UTC.
enum Timestamp {
    /// Milliseconds between 1970-01-01 and 2000-01-01.
    private static let epochMilliseconds: Int64 = 946_684_800_000

    /// `Int64.max` and `Int64.min` are Postgres's `infinity` and `-infinity`, in both directions.
    static func microseconds(fromMilliseconds milliseconds: Int64) -> Int64 {
        if milliseconds == .max || milliseconds == .min { return milliseconds }
        let (shifted, tooEarly) = milliseconds.subtractingReportingOverflow(epochMilliseconds)
        let (scaled, tooLarge) = shifted.multipliedReportingOverflow(by: 1000)
        // One step beside the infinities, where the server answers "timestamp out of range".
        if tooEarly || tooLarge { return milliseconds < 0 ? .min + 1 : .max - 1 }
        return scaled
    }

    /// Rounds down to the millisecond, before the epoch too.
    static func milliseconds(fromMicroseconds microseconds: Int64) -> Int64 {
        if microseconds == .max || microseconds == .min { return microseconds }
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return quotient + (remainder < 0 ? -1 : 0) + epochMilliseconds
    }
}
