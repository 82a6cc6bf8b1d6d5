import ArgumentParser
import Catalog
import Execution
import Foundation
import Postgres
import Store

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
        _ catalog: Catalog, _ settings: Settings, on connection: Connection
    ) throws -> CompiledCatalog {
        try Database.reporting {
            try CompiledCatalog(catalog, schema: settings.database.schema, on: connection)
        }
    }
}

/// A catalog checked against the database and compiled.
struct CompiledCatalog {
    let plans: [String: RelationPlan]
    let backfills: [String: BackfillPlan]
    let rosters: [String: RosterPlan]
    /// The tables that rosters write, as relations by the names that the rosters give them.
    let rosterRelations: [String: RelationPlan]
    /// What there is to say of each entry.
    let findings: [Finding]

    /// - Parameter schema: the name of the status schema.
    init(
        _ catalog: Catalog, schema: String, on connection: Connection
    ) throws(PostgresError) {
        let relations = try RelationPlan.compile(catalog, on: connection)
        let own = try RosterRelations.compile(catalog, on: connection)
        let backfills = try BackfillPlan.compile(catalog, on: connection)
        plans = relations.plans
        self.backfills = backfills.plans
        rosterRelations = own.plans
        rosters = RosterPlan.plans(
            of: catalog, relations: relations.plans, own: own.plans,
            schema: StatusSchema(name: schema))
        findings = relations.findings + own.findings + backfills.findings
    }
}
