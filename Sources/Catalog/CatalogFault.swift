/// What is wrong with a catalog, and where.
public struct CatalogFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// `file:line` where it is known.
    public let location: String
    /// The key, with those around it: `relations.enrollment.table`.
    public let key: String
    /// What was expected and what was found.
    public let message: String

    public init(location: String, key: String, message: String) {
        self.location = location
        self.key = key
        self.message = message
    }

    public var description: String { "\(location): \(key): \(message)" }
}

/// All that is wrong with a catalog, found in one reading.
public struct CatalogFaults: Error, Sendable, CustomStringConvertible {
    public let faults: [CatalogFault]

    public var description: String { faults.map(\.description).joined(separator: "\n") }
}
