import ArgumentParser
import Catalog
import Foundation
import Kafka
import Postgres
import Sandbox
import Store

/// `rollcall sandbox`: everything that a catalog needs, around the user's own tables.
struct SandboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Runs your own schema and catalog on this machine, for trying jobs.",
        discussion: """
            Starts a private Postgres with the tables of --schema, an embedded broker and workers, \
            prints how to talk to them, and stops them at Ctrl-C. Needs Debian's package postgresql, \
            unless --database names a test database.

            Settings are read as by every command; the database and the brokers are always those of \
            the sandbox.

            Examples:
              rollcall sandbox --schema schema.sql --catalog catalog.yaml
            """)

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "SQL that makes your tables, such as the output of pg_dump; may be repeated.",
            valueName: "file"))
    var schema: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A catalog file; may be repeated (ROLLCALL_CATALOG, separated by colons).",
            valueName: "file"))
    var catalog: [String] = []

    @Option(
        help: ArgumentHelp(
            "A test database that has your tables, instead of a private Postgres. Jobs write into "
                + "it; nothing is dropped.", valueName: "url-or-conninfo"))
    var database: String?

    @Option(help: ArgumentHelp("How many workers to start, 1 to 16.", valueName: "n"))
    var workers = 1

    @Flag(help: "Leave the directory of the private Postgres at the end, and say how to start it.")
    var keep = false

    @Option(help: ArgumentHelp("The YAML file of settings (ROLLCALL_CONFIG).", valueName: "file"))
    var config: String?

    func validate() throws {
        switch (schema.isEmpty, database) {
        case (true, nil): throw ValidationError("expected --schema or --database, got neither")
        case (false, .some):
            throw ValidationError(
                "expected --schema or --database, got both: the tables of --database are there "
                    + "already")
        default: break
        }
        if database == "" { throw ValidationError("--database: expected a database, got \"\"") }
        if keep, database != nil {
            throw ValidationError(
                "expected --keep with --schema: what is in the database of --database stays anyway")
        }
        guard (1...16).contains(workers) else {
            throw ValidationError("--workers: expected 1 to 16, got \(workers)")
        }
    }

    func run() throws {
        let signals = StopSignals([SIGTERM, SIGINT, SIGHUP])
        let settings = try settings()
        let catalog = try CatalogFiles.read(settings)
        do {
            let files = try schema.map { try SchemaFile($0) }
            let place = try SandboxDatabase(database, settings)
            defer { place.stop() }
            if database == nil {
                for file in files { try fill(place, from: file, signals) }
            }
            try prepare(place, catalog, settings)
            try serve(place, catalog, settings, signals)
        } catch let fault as SandboxFault {
            complain("\(fault)")
            throw fault.exit
        } catch is SandboxInterrupted {
            throw ExitCode.interrupted
        } catch let refusal as MigrationRefused {
            complain("\(refusal)")
            throw ExitCode.schemaMismatch
        } catch let error as SandboxError {
            complain("\(error)")
            throw ExitCode.failure
        } catch let error as KafkaError {
            complain("\(error)")
            throw ExitCode.failure
        }
    }

    private func settings() throws -> Settings {
        let environment = ProcessInfo.processInfo.environment
        for warning in EnvironmentNames.warnings(for: environment.keys) {
            complain("warning: \(warning)")
        }
        let flags =
            catalog.isEmpty
            ? []
            : [
                SettingEntry(
                    key: "catalog", input: .list(catalog.map { .text($0) }),
                    source: .flag("--catalog"))
            ]
        return try SettingsFaults.reporting {
            try SettingsReader.read(
                configFlag: config, flags: flags, environment: environment,
                requiring: [.catalog]
            ).settings
        }
    }

    private func fill(
        _ place: SandboxDatabase, from file: SchemaFile, _ signals: StopSignals
    ) throws {
        let roles = try Database.reporting {
            try file.run(place.conninfo) { try signals.throwIfStopped() }
        }
        for role in roles {
            print("\(file.path) names the role \(role): made it, without a login")
        }
    }

    /// Makes the status schema and checks the catalog; an error in it ends the command with 78.
    private func prepare(
        _ place: SandboxDatabase, _ catalog: Catalog, _ settings: Settings
    ) throws {
        let connection = try place.connect(settings)
        defer { connection.close() }
        let migrator = Migrator(StatusSchema(name: settings.database.schema))
        let state = try Database.reporting { try migrator.state(on: connection) }
        if !place.isPrivate, case .old = state {
            print(
                "making or upgrading the schema \(settings.database.schema) in \(place.shown), "
                    + "as `rollcall migrate` would")
            fflush(nil)
        }
        _ = try Database.reporting { try migrator.migrate(on: connection) }
        let findings = try CatalogFiles.compile(catalog, settings, on: connection).findings
        for finding in findings { print(finding) }
        if findings.contains(where: { $0.level == .error }) { throw ExitCode.configuration }
    }

    private func serve(
        _ place: SandboxDatabase, _ catalog: Catalog, _ settings: Settings,
        _ signals: StopSignals
    ) throws {
        let crew = try SandboxCrew(place, settings, config: config)
        defer { crew.stop() }
        try crew.start(workers, signals)
        let connection = try place.connect(settings)
        let examples = catalog.sortedRelations.map { SandboxExample($0, on: connection) }
        connection.close()
        if keep { try place.keep() }
        let page = try SandboxPage(
            place: place, crew: crew, examples: examples,
            program: OwnProgram.word(searching: ProcessInfo.processInfo.environment["PATH"]))
        print(page.text, terminator: "")
        fflush(nil)
        while !signals.isStopped {
            for line in crew.news() { print(line) }
            fflush(nil)
            signals.wait(.milliseconds(200))
        }
        print("\nstopping")
        fflush(nil)
        crew.stop()
        place.stop()
        if let text = page.farewell { print(text, terminator: "") }
        if crew.hasFailed { throw ExitCode.failure }
    }
}

/// The sandbox cannot start.
struct SandboxFault: Error, CustomStringConvertible {
    let description: String
    let exit: ExitCode

    init(_ description: String, exit: ExitCode = .failure) {
        self.description = description
        self.exit = exit
    }
}

/// Somebody pressed Ctrl-C before everything ran.
struct SandboxInterrupted: Error {}

extension StopSignals {
    func throwIfStopped() throws(SandboxInterrupted) {
        if isStopped { throw SandboxInterrupted() }
    }
}
