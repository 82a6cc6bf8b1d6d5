/// All that is wrong with the settings, found at once.
struct SettingsFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// The exit code for faulty settings, `EX_CONFIG`.
    static let exitCode: Int32 = 78

    /// In the order of the sources, then of the relations between settings; never empty.
    let faults: [SettingFault]

    var description: String {
        let title = faults.count == 1 ? "1 faulty setting" : "\(faults.count) faulty settings"
        return ([title + ":"] + faults.map { "  \($0)" }).joined(separator: "\n")
    }
}
