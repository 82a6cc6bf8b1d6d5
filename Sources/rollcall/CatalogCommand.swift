import ArgumentParser
import Catalog

/// `rollcall catalog`.
struct CatalogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Checks the catalog against the database and explains what it becomes.",
        discussion: """
            Examples:
              rollcall catalog check --catalog catalogs/school.yaml
              rollcall catalog explain enrollment
            """,
        subcommands: [CatalogCheckCommand.self, CatalogExplainCommand.self])
}

/// `rollcall catalog check`: one line a finding; exit 78 if one is an error.
struct CatalogCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Says of each entry whether it fits the database, and what to do if not.",
        discussion: """
            Examples:
              rollcall catalog check --catalog catalogs/school.yaml
            """
    )

    @OptionGroup var common: CommonOptions

    func run() throws {
        let settings = try common.settings(requiring: .catalog)
        let catalog = try CatalogFiles.read(settings)
        let connection = try Database.connect(settings)
        let findings = try CatalogFiles.compile(catalog, settings, on: connection).findings
        for finding in findings { print(finding) }
        if findings.contains(where: { $0.level == .error }) { throw ExitCode.configuration }
    }
}
