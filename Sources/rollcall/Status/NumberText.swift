/// Numbers as people read them.
enum NumberText {
    /// With a comma between thousands: `1,284`.
    static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = number < 0 ? "-" : ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// Short: exact below 10,000, thousands with a `k` below ten million, then millions with an `M`.
    static func compact(_ number: Int) -> String {
        switch number {
        case ..<10_000: grouped(number)
        case ..<10_000_000: grouped(number / 1_000) + "k"
        default: grouped(number / 1_000_000) + "M"
        }
    }

    /// About: `~12,000`, `~1.2 million`.
    static func estimate(_ number: Int) -> String {
        guard number >= 1_000_000 else {
            return "~" + grouped((number + 500) / 1_000 * 1_000)
        }
        let tenths = (number + 50_000) / 100_000
        return "~" + grouped(tenths / 10) + (tenths % 10 == 0 ? "" : ".\(tenths % 10)") + " million"
    }

    /// `1 worker`, `3 workers`.
    static func counted(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Items a second over a time; nil when the time is too short to say.
    static func rate(items: Int, milliseconds: Int64) -> Int? {
        guard milliseconds > 0 else { return nil }
        return Int(Double(items) * 1_000 / Double(milliseconds))
    }
}
