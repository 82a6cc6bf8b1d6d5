/// A value as a source gives it, before its setting has looked at it.
enum SettingInput: Sendable, Equatable {
    case text(String)
    case list([SettingInput])
    case map([SettingEntry])
    case null

    /// A message's word for what was given.
    var got: String {
        switch self {
        case .text(let text): text.isEmpty ? "an empty text" : text.quotedForMessage
        case .list: "a list"
        case .map: "a map"
        case .null: "nothing"
        }
    }
}
