import Glibc

/// The moment of a log event in UTC, to the millisecond.
///
/// Written by hand because a formatter object a line costs more than the line.
struct LogTime: Sendable {
    let seconds: Int
    let milliseconds: Int

    /// The time of day now, by `clock_gettime`.
    static func now() -> LogTime {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return LogTime(seconds: moment.tv_sec, milliseconds: moment.tv_nsec / 1_000_000)
    }

    /// Appends the time as RFC 3339, such as `2026-11-21T08:00:00.123Z`.
    func append(to line: inout [UInt8]) {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        Self.append(Int(parts.tm_year) + 1900, digits: 4, to: &line)
        line.append(UInt8(ascii: "-"))
        Self.append(Int(parts.tm_mon) + 1, digits: 2, to: &line)
        line.append(UInt8(ascii: "-"))
        Self.append(Int(parts.tm_mday), digits: 2, to: &line)
        line.append(UInt8(ascii: "T"))
        Self.append(Int(parts.tm_hour), digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        Self.append(Int(parts.tm_min), digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        Self.append(Int(parts.tm_sec), digits: 2, to: &line)
        line.append(UInt8(ascii: "."))
        Self.append(milliseconds, digits: 3, to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    private static func append(_ number: Int, digits: Int, to line: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            line.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
