import Catalog
import Foundation
import Postgres

/// What a worker's role needs of the catalog's tables, found out by a role that has nothing.
///
/// The catalog is checked as that role, which is granted what the check asks for, until it asks for
/// nothing: what is printed is what `catalog check` demands, no more and no less.
struct CatalogGrants {
    /// More than any catalog takes: each round grants at least one thing.
    private static let roundsMax = 1_000

    let settings: Settings
    let catalog: Catalog
    /// May make roles and grant what is wanted.
    let connection: Connection

    /// The grants, and what else the role needs that is no grant.
    func lines(for worker: String) throws -> (grants: [String], remarks: [String]) {
        let probe = "rollcall_probe_\(UUID().uuidString.prefix(8).lowercased())"
        try connection.script(
            "CREATE ROLE \(probe) NOLOGIN; GRANT \(probe) TO CURRENT_USER")
        defer { try? connection.script("DROP OWNED BY \(probe); DROP ROLE \(probe)") }
        let own = try Database.connect(settings)
        try own.script("SET ROLE \(probe)")
        var grants: [String] = []
        var remarks: [String] = []
        for _ in 0..<Self.roundsMax {
            let findings = try CompiledCatalog(
                catalog, schema: settings.database.schema, on: own
            ).findings
            let remedies = findings.compactMap(\.remedy).filter { $0.contains(probe) }
            remarks = remedies.filter { !$0.hasPrefix("GRANT ") }
            var fresh: [String] = []
            for remedy in remedies
            where remedy.hasPrefix("GRANT ") && !(grants + fresh).contains(remedy) {
                fresh.append(remedy)
            }
            guard !fresh.isEmpty else { break }
            for grant in fresh { try connection.script(grant) }
            grants += fresh
        }
        own.close()
        func named(_ line: String) -> String {
            line.replacing(quoteIdentifier(probe), with: quoteIdentifier(worker))
        }
        return (grants.map(named), Set(remarks).sorted().map(named))
    }
}
