/// A key or a property's name with what a source gives for it.
struct SettingEntry: Sendable, Equatable {
    let key: String
    let input: SettingInput
    let source: SettingSource
}
