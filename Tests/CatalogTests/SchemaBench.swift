import Catalog
import Postgres
import Sandbox

/// A database with some tables.
struct SchemaBench {
    private let database: TestDatabase
    let connection: Connection

    init(_ sql: String) throws {
        database = try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "catalog-tests")
        try connection.script(sql)
    }

    func table(_ name: String, schema: String = "public") throws -> TableSchema? {
        try TableSchema.read(TableName(schema: schema, name: name), on: connection)
    }

    /// Checks a relation that is written as the fields of a catalog entry.
    func check(_ fields: String) throws -> (checked: CheckedRelation?, findings: [Finding]) {
        let text = "catalog: c\nrelations:\n  r: { \(fields) }\n"
        let catalog = try Catalog(files: [("c.yaml", text)])
        let (checked, findings) = try CatalogCheck.check(
            catalog.sortedRelations[0], on: connection)
        return (checked, findings)
    }

    /// The lines of a check.
    func lines(_ fields: String) throws -> [String] {
        try check(fields).findings.map(\.description)
    }
}
