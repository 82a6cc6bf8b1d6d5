import Postgres

/// The views and functions of the database, by which a rule may read a table without its name.
struct HiddenReaders: Sendable {
    private let readers: [(name: String, definition: String)]

    /// - Throws: `PostgresError` when the database cannot be asked.
    init(on connection: Connection) throws(PostgresError) {
        let rows = try connection.execute(Self.query)
        readers = (0..<rows.count).map { (rows.string($0, 0), rows.string($0, 1).lowercased()) }
    }

    /// The names and those of everything that mentions one of them, through others too.
    func expand(_ names: [String]) -> [String] {
        var found = names
        var rest = readers
        var position = 0
        while position < found.count {
            let name = found[position]
            position += 1
            let split = rest.partition { WorkCuts.mentions(name, in: $0.definition) }
            found += rest[split...].map(\.name)
            rest.removeSubrange(split...)
        }
        return found
    }

    /// What is written in C says nothing of what it reads; what is dropped meanwhile has no definition.
    private static let query = """
        SELECT c.relname, coalesce(pg_catalog.pg_get_viewdef(c.oid), '')
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT p.proname,
               CASE WHEN p.prosrc = '' THEN coalesce(pg_catalog.pg_get_functiondef(p.oid), '')
                    ELSE p.prosrc END
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal')
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        """
}
