/// Draws lines over those that were drawn before.
struct Redraw {
    private let height: Int
    private var drawn = 0

    init(_ terminal: StatusTerminal) { height = terminal.height }

    /// What to write so that these lines replace the last ones.
    ///
    /// What does not fit the height is left out: the cursor cannot go back above the top.
    mutating func frame(_ lines: [String]) -> String {
        let shown = lines.prefix(max(1, height - 1))
        let back = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        drawn = shown.count
        // Each line is cleared behind its text, so that nothing flickers.
        return back + shown.map { "\r\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
