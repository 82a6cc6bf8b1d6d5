/// librdkafka's configuration properties by name, passed through as they are.
///
/// An unknown name or a value that librdkafka refuses makes the client's initializer throw.
public typealias Properties = [String: String]

extension Properties {
    /// The room's defaults, under what the caller says.
    func over(_ defaults: Properties) -> Properties {
        defaults.merging(self) { _, callers in callers }
    }

    /// Whether a property's value must never appear in a text.
    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["password", "secret", "key", "token", "oauth"].contains { name.contains($0) }
    }
}
