/// Where a value came from, the later one winning.
enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    case `default`
    case file(path: String, line: Int)
    case environment(String)
    case flag(String)

    var description: String {
        switch self {
        case .default: "default"
        case .file(let path, let line): "\(path.escapedForMessage()):\(line)"
        case .environment(let name): "environment \(name)"
        case .flag(let name): "flag \(name)"
        }
    }
}
