import Catalog
import Postgres

/// What is said of a statement that the role may not execute.
enum MissingPrivilege {
    /// Names what is forbidden, with the GRANT.
    ///
    /// The server says what it is only in its message: nil where that is in another language.
    ///
    /// - Parameters:
    ///   - entry: the catalog's entry whose statement it is.
    ///   - location: where that is declared.
    static func finding(
        for error: PostgresError, in sql: String, _ entry: String, at location: String,
        on connection: Connection
    ) throws(PostgresError) -> Finding? {
        guard error.sqlState == .insufficientPrivilege,
            let (kind, name) = subject(of: error.message)
        else { return nil }
        let role = quoteIdentifier(
            try connection.execute("SELECT current_user").string(0, 0))
        func finding(_ privileges: String, _ subject: String, _ target: String) -> Finding {
            Finding(
                .error, entry,
                "expected the privilege \(privileges) on \(subject), which the catalog's SQL at "
                    + "\(location) uses, got none",
                remedy: "GRANT \(privileges) ON \(target) TO \(role)")
        }
        switch kind {
        case "table", "view", "materialized view", "foreign table":
            guard let (table, privileges) = try forbidden(name, in: sql, on: connection) else {
                return finding("SELECT", "\(kind) \(name)", quoteIdentifier(name))
            }
            return finding(
                privileges.joined(separator: ", "), "\(table)",
                "\(quoteIdentifier(table.schema)).\(quoteIdentifier(table.name))")
        case "schema":
            return finding("USAGE", "the schema \(name)", "SCHEMA \(quoteIdentifier(name))")
        case "function":
            return finding(
                "EXECUTE", "the function \(name)", "FUNCTION \(quoteIdentifier(name))")
        case "sequence":
            return finding("USAGE", "the sequence \(name)", "SEQUENCE \(quoteIdentifier(name))")
        default: return nil
        }
    }

    /// The kind and the name in `permission denied for table users`.
    private static func subject(of message: String) -> (kind: String, name: String)? {
        let prefix = "permission denied for "
        guard message.hasPrefix(prefix) else { return nil }
        let kinds = [
            "materialized view", "foreign table", "table", "view", "schema", "function", "sequence",
        ]
        let rest = message.dropFirst(prefix.count)
        guard let kind = kinds.first(where: { rest.hasPrefix("\($0) ") }) else { return nil }
        return (kind, String(rest.dropFirst(kind.count + 1)))
    }

    /// Of the tables with this name the one that is meant, and what the role lacks of what the
    /// statement does with it.
    private static func forbidden(
        _ name: String, in sql: String, on connection: Connection
    ) throws(PostgresError) -> (table: TableName, privileges: [String])? {
        var parameters = Parameters()
        parameters.append(name)
        let rows = try connection.execute(query, parameters)
        for row in 0..<rows.count {
            let table = TableName(schema: rows.string(row, 0), name: name)
            let isNamed = rows.count == 1 || sql.contains(table.schema)
            let lacks = rows.string(row, 1).split(separator: " ").map(String.init)
            let privileges = lacks.filter(needed(on: table, in: sql).contains)
            if isNamed, !privileges.isEmpty { return (table, privileges) }
        }
        return nil
    }

    /// What a statement does with a table: reading it, unless it only inserts.
    private static func needed(on table: TableName, in sql: String) -> Set<String> {
        let words = sql.replacing("\"", with: "").split(whereSeparator: \.isWhitespace)
            .joined(separator: " ").lowercased()
        let verbs = ["INSERT INTO", "UPDATE", "DELETE FROM"].filter { verb in
            ["\(table)", table.name].contains { words.contains("\(verb) \($0)".lowercased()) }
        }
        let written = Set(verbs.map { String($0.prefix(6)) })
        return written == ["INSERT"] ? written : written.union(["SELECT"])
    }

    private static let query = """
        SELECT n.nspname,
               concat_ws(' ',
                 CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
                 CASE WHEN NOT has_table_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
                 CASE WHEN NOT has_table_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
                 CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        ORDER BY 1
        """
}
