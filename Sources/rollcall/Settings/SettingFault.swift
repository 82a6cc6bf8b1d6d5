/// One thing that is wrong with the settings.
struct SettingFault: Sendable, Equatable, CustomStringConvertible {
    /// The dotted key.
    let key: String
    /// What is wrong, as `expected X, got Y`; never a secret.
    let problem: String
    let source: SettingSource

    init(key: String, problem: String, source: SettingSource) {
        self.key = key
        self.problem = problem
        self.source = source
    }

    init(key: String, expected: String, got: String, source: SettingSource) {
        self.init(key: key, problem: "expected \(expected), got \(got)", source: source)
    }

    var description: String {
        "\(key.escapedForMessage(limit: 120)): \(problem) (\(source))"
    }
}
