/// A message of the server that is no error: a `NOTICE`, a `WARNING` or the like.
public struct Notice: Sendable {
    /// `NOTICE`, `WARNING`, `INFO`, `LOG` or `DEBUG`, whatever the language of the server.
    public let severity: String
    public let sqlState: SQLState?
    public let message: String
}
