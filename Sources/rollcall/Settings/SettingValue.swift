/// The value of a setting, of any type.
enum SettingValue: Sendable, Equatable {
    case text(String)
    case list([String])
    case integer(Int)
    case bytes(Int)
    case duration(Duration)
    case properties([String: String])

    /// The value as it would stand in the file; secrets are not hidden.
    var text: String {
        switch self {
        case .text(let text): text
        case .list(let elements): elements.joined(separator: ",")
        case .integer(let number): String(number)
        case .bytes(let count): ByteCount.text(count)
        case .duration(let duration): duration.settingText
        case .properties(let properties):
            properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: ";")
        }
    }
}
