import ArgumentParser
import Jobs
import Store

/// Reads the values of the options of `rollcall status`.
enum StatusFilterText {
    /// The kinds that a job can have.
    static let kinds = ["assign", "unassign", "roster-import", "backfill"]

    static func state(_ text: String) throws -> StatusQuery.State {
        guard let state = StatusQuery.State(rawValue: text.replacing("-", with: "_")) else {
            let names = StatusQuery.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("expected one of \(names), got \(text.quotedForMessage)")
        }
        return state
    }

    static func kind(_ text: String) throws -> String {
        guard kinds.contains(text) else {
            throw ValidationError(
                "expected one of \(kinds.joined(separator: ", ")), "
                    + "got \(text.quotedForMessage)")
        }
        return text
    }

    /// Reads `90s`, `10m`, `2h` and the like; a bare number counts seconds.
    static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(setting: text) ?? Duration(setting: text + "s") else {
            throw ValidationError(
                "expected a duration such as 90s or 10m, got \(text.quotedForMessage)")
        }
        return duration
    }

    /// Reads a duration before now, a day, or a time.
    static func since(_ text: String) throws -> StatusQuery.Filter.Since {
        if let duration = Duration(setting: text) {
            return .ago(milliseconds: Int64(duration / .milliseconds(1)))
        }
        if let time = Timestamp(text) ?? Timestamp(text + "T00:00:00Z") { return .time(time) }
        throw ValidationError(
            "expected a duration such as 2h, or a time such as 2026-11-21T08:00:00Z, "
                + "got \(text.quotedForMessage)")
    }

    /// What ``since(_:)`` would read.
    static func text(_ since: StatusQuery.Filter.Since) -> String {
        switch since {
        case .time(let time): time.description
        case .ago(let milliseconds): Duration.milliseconds(milliseconds).settingText
        }
    }

    /// The word as a shell takes it.
    static func quotedForShell(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || "-_./:@%+,".utf8.contains(byte)
        }
        if isPlain, !word.isEmpty { return word }
        return "'" + VisibleText.escaped(word).replacing("'", with: #"'\''"#) + "'"
    }
}
