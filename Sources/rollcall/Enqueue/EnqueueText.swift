/// Times as `rollcall enqueue` tells them.
enum EnqueueText {
    /// `0.8 s`, `754.0 s`.
    static func seconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        return "\(NumberText.grouped(tenths / 10)).\(tenths % 10) s"
    }
}
