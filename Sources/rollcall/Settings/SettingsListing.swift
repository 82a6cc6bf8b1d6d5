/// Every setting with its value and its source, fit to be shown: without secrets.
struct SettingsListing {
    /// One line of the listing.
    struct Row: Equatable {
        let key: String
        let value: String
        let source: String
    }

    private(set) var rows: [Row] = []

    init(_ loaded: LoadedSettings, environment: [String: String]) {
        for setting in Setting.table {
            switch setting.get(loaded.settings) {
            case .properties(let properties) where !properties.isEmpty:
                for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
                    let shown = Secret.isSecret(name: name) ? Secret.mask : value
                    add(setting.key + "." + name, shown, loaded)
                }
            case .text("") where setting.key == "database.url":
                add(setting.key, Self.libpqVariables(environment), loaded)
            case .text(let text) where setting.isSecret:
                add(setting.key, Secret.redacted(conninfo: text), loaded)
            case let value:
                add(setting.key, value.text.isEmpty ? "(none)" : value.text, loaded)
            }
        }
    }

    private mutating func add(_ key: String, _ value: String, _ loaded: LoadedSettings) {
        rows.append(
            Row(
                key: key, value: value.escapedForMessage(),
                source: loaded.source(of: key).description))
    }

    /// The columns padded on a terminal, separated by tabs elsewhere.
    func text(isTerminal: Bool) -> String {
        let heading = Row(key: "SETTING", value: "VALUE", source: "SOURCE")
        let keyWidth = rows.map(\.key.count).max() ?? 0
        // One long value must not push all sources off the screen.
        let valueWidth = min(40, rows.map(\.value.count).max() ?? 0)
        return (isTerminal ? [heading] + rows : rows)
            .map { row in
                isTerminal
                    ? "\(row.key.padded(to: keyWidth))  \(row.value.padded(to: valueWidth))  "
                        + "\(row.source)\n"
                    : "\(row.key)\t\(row.value)\t\(row.source)\n"
            }
            .joined()
    }

    /// What libpq would take from the environment; never PGPASSWORD.
    private static func libpqVariables(_ environment: [String: String]) -> String {
        let names = ["PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER"]
        let given = names.compactMap { name in environment[name].map { "\(name)=\($0)" } }
        return given.isEmpty ? "(libpq's defaults)" : given.joined(separator: " ")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
