import ArgumentParser

/// When to colour.
enum StatusColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never

    /// - Parameters:
    ///   - isTerminal: whether standard output is one.
    ///   - environment: `NO_COLOR` (any text) and `TERM=dumb` turn colour off, unless it is asked for.
    func isOn(isTerminal: Bool, environment: [String: String]) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto:
            isTerminal && environment["NO_COLOR", default: ""].isEmpty
                && environment["TERM"] != "dumb"
        }
    }
}

/// A colour of the terminal's own palette, as an SGR parameter.
enum StatusColor: Int {
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case gray = 90
}

/// Colours texts, or leaves them as they are.
struct StatusInk: Sendable {
    let isOn: Bool

    func paint(_ text: String, _ color: StatusColor?) -> String {
        guard isOn, let color, !text.isEmpty else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }

    func bold(_ text: String) -> String { isOn ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
