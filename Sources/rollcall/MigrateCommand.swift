import ArgumentParser
import Store

/// `rollcall migrate`: brings the status schema to this program's version.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Creates or upgrades the status schema.",
        discussion: "Safe to run twice and by several at once. Use a direct connection, no pooler.")

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print the SQL for a database administrator instead of running it.")
    var print = false

    @Flag(help: "Change nothing; exit 75 if the schema does not fit this program.")
    var check = false

    func validate() throws {
        guard !(print && check) else {
            throw ValidationError("expected --print or --check, got both")
        }
    }

    func run() throws {
        let settings = try common.settings()
        let migrator = Migrator(StatusSchema(name: settings.database.schema))
        if print {
            Swift.print(migrator.script(), terminator: "")
            return
        }
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
        }
    }
}
