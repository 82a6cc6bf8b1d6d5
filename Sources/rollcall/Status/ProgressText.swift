/// How far a job is, drawn with characters.
enum ProgressText {
    /// `[######----]  61%`, or without the bar `61%`.
    static func text(_ percent: Int, barWidth: Int) -> String {
        guard barWidth > 0 else { return "\(percent)%" }
        let digits = "\(percent)%"
        return bar(percent, width: barWidth) + String(repeating: " ", count: 5 - digits.utf8.count)
            + digits
    }

    static func bar(_ percent: Int, width: Int) -> String {
        let done = max(0, min(100, percent)) * width / 100
        return "[" + String(repeating: "#", count: done)
            + String(repeating: "-", count: width - done) + "]"
    }
}
