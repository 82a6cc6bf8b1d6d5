import Synchronization

/// One private server for all tests of a process, started by the first that asks.
///
/// Every test gets a database of its own, so that tests can run in parallel. The server goes with
/// the process.
public enum SharedPostgres {
    /// The server itself, for a test that needs more than a database.
    public static var server: PrivatePostgres {
        get throws { try started.get() }
    }

    private static let started = Result { try PrivatePostgres() }
    private static let databasesMade = Atomic(0)
    /// The names of templates whose making was tried, and what came of it.
    private static let templates = Mutex<[String: Result<Void, any Error>]>([:])

    /// Makes a fresh database that lives as long as the answer does.
    ///
    /// - Parameter template: The name of a database to copy; nobody may be connected to it.
    public static func database(template: String? = nil) throws -> TestDatabase {
        let server = try server
        let number = databasesMade.add(1, ordering: .relaxed).newValue
        let name = "test_\(number)"
        try server.createDatabase(name, template: template)
        return TestDatabase(server, name: name)
    }

    /// Makes a fresh database as a copy of one that `prepare` has filled.
    ///
    /// - Parameters:
    ///   - template: A name for what `prepare` makes. It runs once in a process for every name, and
    ///     must close its connections before it returns.
    ///   - prepare: Takes the connection string of an empty database, and fills it.
    public static func database(
        template: String, prepare: (_ conninfo: String) throws -> Void
    ) throws -> TestDatabase {
        let server = try server
        let name = "template_\(template)"
        // Under the lock, so that nobody copies a template that is only half made.
        try templates.withLock { templates in
            if let made = templates[name] { return try made.get() }
            let made = Result {
                try server.createDatabase(name)
                try prepare(server.conninfo(database: name))
            }
            templates[name] = made
            try made.get()
        }
        return try database(template: name)
    }
}
