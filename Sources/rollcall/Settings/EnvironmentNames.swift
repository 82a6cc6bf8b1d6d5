/// Finds the `ROLLCALL_*` variables that nothing reads.
enum EnvironmentNames {
    private static let known =
        Setting.table.map(\.environmentName) + Setting.table.compactMap { SecretFile($0)?.name }
        + [Setting.configEnvironmentName]

    /// A warning for each, in the order of their names.
    static func warnings(for names: some Sequence<String>) -> [String] {
        names.filter { name in
            name.hasPrefix(Setting.environmentPrefix) && !known.contains(name)
                && !isServiceLink(name)
        }
        .sorted()
        .map { name in
            let nearest = NearestName.find(
                for: name, among: known, separator: "\u{0}", ignoresCase: false)
            let hint = nearest.map { "; did you mean \($0)?" } ?? ""
            return "\(name.escapedForMessage(limit: 120)): unknown environment variable" + hint
        }
    }

    /// Kubernetes puts these into every container beside a service whose name starts with rollcall.
    private static func isServiceLink(_ name: String) -> Bool {
        name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT")
            || name.hasSuffix("_PORT") || name.contains("_TCP") || name.contains("_UDP")
    }
}
