import ArgumentParser
import Catalog
import Execution
import Foundation
import Postgres

/// Reads the catalog files that the settings name.
enum CatalogFiles {
    /// Reads them, or ends the command with 78 after every fault was told.
    static func read(_ settings: Settings) throws -> Catalog {
        var files: [(path: String, text: String)] = []
        for path in settings.catalog {
            do {
                files.append((path, try String(contentsOfFile: path, encoding: .utf8)))
            } catch {
                complain(
                    "catalog: expected a readable file in UTF-8, got \(path): \(error.localizedDescription)"
                )
                throw ExitCode.configuration
            }
        }
        do {
            return try Catalog(files: files)
        } catch {
            complain("\(error)")
            throw ExitCode.configuration
        }
    }

    /// Checks the catalog against the database and compiles it.
    static func compile(
        _ catalog: Catalog, on connection: Connection
    ) throws -> CompiledCatalog {
        try Database.reporting { try CompiledCatalog(catalog, on: connection) }
    }
}

/// A catalog checked against the database and compiled.
struct CompiledCatalog {
    let plans: [String: RelationPlan]
    let backfills: [String: BackfillPlan]
    /// What there is to say of each entry.
    let findings: [Finding]

    init(_ catalog: Catalog, on connection: Connection) throws(PostgresError) {
        let relations = try RelationPlan.compile(catalog, on: connection)
        let backfills = try BackfillPlan.compile(catalog, on: connection)
        plans = relations.plans
        self.backfills = backfills.plans
        findings = relations.findings + backfills.findings
    }
}
