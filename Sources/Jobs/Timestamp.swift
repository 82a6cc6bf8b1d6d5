/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Jobs carry RFC 3339 times and Kafka milliseconds; no calendar library is needed for either.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Reads RFC 3339 `date-time`, for example `2026-11-21T08:00:00.5+01:00`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == 0x20,
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = Self.number(bytes, 0, 4), let month = Self.number(bytes, 5, 2),
            let day = Self.number(bytes, 8, 2), let hour = Self.number(bytes, 11, 2),
            let minute = Self.number(bytes, 14, 2), let second = Self.number(bytes, 17, 2),
            (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var position = 19
        var fraction = 0
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            let first = position
            while position < bytes.count, ASCII.isDigit(bytes[position]) {
                if position - first < 3 { fraction = fraction * 10 + Int(bytes[position] - 0x30) }
                position += 1
            }
            guard position > first else { return nil }
            for _ in 0..<max(0, 3 - (position - first)) { fraction *= 10 }
        }
        guard let offsetMinutes = Self.offset(bytes, at: position) else { return nil }
        let seconds =
            Self.dayNumber(year, month, day) * 86_400 + hour * 3_600
            + (minute - offsetMinutes) * 60 + second
        milliseconds = Int64(seconds * 1_000 + fraction)
    }

    /// RFC 3339 in UTC with milliseconds.
    public var description: String {
        let total = Int(milliseconds)
        let (date, time) = Timestamp.floorDivide(total, 86_400_000)
        let (year, month, day) = Timestamp.civil(date)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(time / 3_600_000, 2)):\(padded(time / 60_000 % 60, 2))"
            + ":\(padded(time / 1_000 % 60, 2)).\(padded(time % 1_000, 3))Z"
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The days of a month in the proleptic Gregorian calendar.
    public static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int? {
        var value = 0
        for position in start..<(start + count) {
            guard ASCII.isDigit(bytes[position]) else { return nil }
            value = value * 10 + Int(bytes[position] - 0x30)
        }
        return value
    }

    private static func offset(_ bytes: [UInt8], at position: Int) -> Int? {
        guard position < bytes.count else { return nil }
        if bytes[position] | 0x20 == UInt8(ascii: "z") {
            return position + 1 == bytes.count ? 0 : nil
        }
        guard position + 6 == bytes.count, bytes[position + 3] == UInt8(ascii: ":"),
            let hours = number(bytes, position + 1, 2), hours < 24,
            let minutes = number(bytes, position + 4, 2), minutes < 60
        else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "+"): return hours * 60 + minutes
        case UInt8(ascii: "-"): return -(hours * 60 + minutes)
        default: return nil
        }
    }

    /// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Year, month and day, by Howard Hinnant's `civil_from_days`.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shifted + 2) / 5 + 1
        )
    }

    private static func floorDivide(_ a: Int, _ b: Int) -> (Int, Int) {
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
        return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
    }
}
