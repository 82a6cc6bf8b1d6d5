import ArgumentParser
import Postgres
import Store

/// `rollcall migrate`: brings the status schema to this program's version.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Creates or upgrades the status schema.",
        discussion: """
            Safe to run twice and by several at once. Use a direct connection, no pooler.

            --print-grants prints the SQL that gives three roles what they need and nothing more: \
            workers their own tables and the catalog's, readers the views, operators what cancelling, \
            pausing and dealing with dead letters writes. What the catalog needs is found out by a \
            role that is made for a moment, so it takes somebody who may make roles. Print it again \
            after each migration and each change of the catalog.

            Examples:
              rollcall migrate
              rollcall migrate --check
              rollcall migrate --print > schema.sql
              rollcall migrate --print-grants --catalog catalogs/school.yaml | psql
            """)

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print the SQL for a database administrator instead of running it.")
    var print = false

    @Flag(help: "Change nothing; exit 75 if the schema does not fit this program.")
    var check = false

    @Flag(help: "Print the SQL that grants the roles what they need.")
    var printGrants = false

    @Option(help: ArgumentHelp("The role of workers.", valueName: "name"))
    var workerRole = "rollcall_worker"

    @Option(help: ArgumentHelp("The role of those who look.", valueName: "name"))
    var readerRole = "rollcall_reader"

    @Option(help: ArgumentHelp("The role of those who intervene.", valueName: "name"))
    var operatorRole = "rollcall_operator"

    func validate() throws {
        guard [print, check, printGrants].count(where: \.self) <= 1 else {
            throw ValidationError(
                "expected one of --print, --check and --print-grants, got several")
        }
        guard Set([workerRole, readerRole, operatorRole]).count == 3 else {
            throw ValidationError("expected three different roles, got one twice")
        }
    }

    func run() throws {
        let settings = try common.settings()
        let migrator = Migrator(StatusSchema(name: settings.database.schema))
        if print {
            Swift.print(migrator.script(), terminator: "")
            return
        }
        if printGrants { return try showGrants(settings) }
        let connection = try Database.connect(settings)
        if check {
            try Database.requireSchema(settings, on: connection)
            Swift.print("the schema fits")
            return
        }
        do {
            let applied = try Database.reporting { try migrator.migrate(on: connection) }
            for migration in applied {
                Swift.print("applied \(migration.version) \(migration.name)")
            }
            if applied.isEmpty { Swift.print("nothing to do") }
        } catch let refusal as MigrationRefused {
            complain("\(refusal)")
            throw ExitCode.schemaMismatch
        } catch let refusal as MigrationBlocked {
            complain("\(refusal)")
            throw ExitCode.failure
        }
    }

    private func showGrants(_ settings: Settings) throws {
        let roles = Grants.Roles(
            worker: workerRole, reader: readerRole, operator: operatorRole)
        let grants = Grants(StatusSchema(name: settings.database.schema), roles)
        var text = "-- Who may do what in the schema \(settings.database.schema).\n"
        text += grants.creation() + grants.script()
        if !settings.catalog.isEmpty {
            let catalog = try CatalogFiles.read(settings)
            let connection = try Database.open(settings)
            let (lines, remarks) = try Database.reporting {
                try CatalogGrants(settings: settings, catalog: catalog, connection: connection)
                    .lines(for: workerRole)
            }
            text += "-- What the catalog writes and reads.\n"
            text += lines.map { $0 + ";\n" }.joined()
            text += remarks.map { "-- No grant, but needed: \($0)\n" }.joined()
        }
        Swift.print(text, terminator: "")
    }
}
