import Jobs

/// Times and durations as people read them; durations are in milliseconds.
enum TimeText {
    /// How long something took: `12ms`, `3.1s`, `41s`, `2m05s`, `3h02m`, `2d03h`.
    static func took(_ milliseconds: Int64, space: String = "") -> String {
        let seconds = milliseconds / 1_000
        switch milliseconds {
        case ..<0: return "0\(space)ms"
        case ..<100: return "\(milliseconds)\(space)ms"
        case ..<10_000: return "\(seconds).\(milliseconds % 1_000 / 100)\(space)s"
        case ..<60_000: return "\(seconds)\(space)s"
        case ..<3_600_000: return "\(seconds / 60)m\(padded(seconds % 60))s"
        case ..<86_400_000: return "\(seconds / 3_600)h\(padded(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(padded(seconds / 3_600 % 24))h"
        }
    }

    /// How long ago, roughly: `5s`, `2m`, `1h`, `3d`; what is yet to come counts as now.
    static func age(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1_000)
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3_600: return "\(seconds / 60)m"
        case ..<86_400: return "\(seconds / 3_600)h"
        default: return "\(seconds / 86_400)d"
        }
    }

    /// `2026-11-21 02:14:07 UTC`.
    static func date(_ time: Timestamp) -> String {
        let text = time.description
        guard let dot = text.lastIndex(of: ".") else { return text }
        return text[..<dot].replacing("T", with: " ") + " UTC"
    }

    /// Seconds with the milliseconds as a fraction, for programs: `3.1`, `0.004`, `41`.
    static func seconds(_ milliseconds: Int64) -> String {
        let whole = "\(milliseconds < 0 ? "-" : "")\(milliseconds.magnitude / 1_000)"
        let rest = milliseconds.magnitude % 1_000
        guard rest > 0 else { return whole }
        var digits = String(String(1_000 + rest).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    private static func padded(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
