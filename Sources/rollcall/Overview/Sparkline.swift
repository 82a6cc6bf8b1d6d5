/// A curve of one line.
enum Sparkline {
    private static let steps: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// A character a value, from nothing to the greatest; a blank where there is none.
    static func text(_ values: [Double?]) -> String {
        let most = values.compactMap { $0 }.max() ?? 0
        return String(
            values.map { value in
                guard let value else { return " " }
                guard most > 0 else { return steps[0] }
                return steps[
                    min(steps.count - 1, Int(value / most * Double(steps.count - 1) + 0.5))]
            })
    }
}
