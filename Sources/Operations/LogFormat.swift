/// How a log event is written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Text when standard error is a terminal, JSON when it is not.
    case auto
    /// `2026-11-21T08:00:00.123Z info  partitions assigned group=rollcall partitions=3`
    case text
    /// One JSON object a line, for log collectors.
    case json

    /// The format that `auto` stands for; the other two stand for themselves.
    public func resolved(isTerminal: Bool) -> LogFormat {
        guard self == .auto else { return self }
        return isTerminal ? .text : .json
    }
}
