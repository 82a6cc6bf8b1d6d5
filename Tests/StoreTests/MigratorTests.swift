import Foundation
import Postgres
import Sandbox
import Testing

@testable import Store

/// Which programs may work with which schema.
@Suite struct MigratorTests {
    private static let own = StatusSchema()

    private func migration(_ version: Int, _ sql: String) -> StatusSchema.Migration {
        StatusSchema.Migration(version: version, name: "later", sql: sql, checksum: "later")
    }

    /// A later program's schema.
    private func later(_ texts: String...) -> StatusSchema {
        let own = Self.own
        return own.with(
            migrations: own.migrations
                + texts.enumerated().map { migration(own.version + 1 + $0, $1) })
    }

    private let database: TestDatabase
    private let connection: Connection

    init() throws {
        database = try SharedPostgres.database()
        connection = try Connection(database.conninfo, applicationName: "test")
        _ = try Migrator(Self.own).migrate(on: connection)
    }

    private var additive: String {
        "-- works-from: \(Self.own.version)\nCREATE TABLE rollcall.later (id integer);"
    }

    @Test("a migration says from which version on programs can work with it")
    func mark() {
        #expect(migration(8, "-- works-from: 7\nSELECT 1;").worksFrom == 7)
        #expect(migration(8, "-- Why.\n-- works-from: 6\nSELECT 1;").worksFrom == 6)
        #expect(migration(8, "SELECT 1;").worksFrom == nil)
        #expect(migration(8, "-- works-from: seven\nSELECT 1;").worksFrom == nil)
    }

    @Test("a program works with a schema that is newer by additions, and leaves it alone")
    func ahead() throws {
        _ = try Migrator(later(additive)).migrate(on: connection)
        let version = Self.own.version
        let state = try Migrator(Self.own).state(on: connection)
        #expect(state == .ahead(version: version + 1, expected: version))
        #expect(state.fits)
        #expect(try Migrator(Self.own).migrate(on: connection).isEmpty)
        #expect(try Migrator(later(additive)).state(on: connection) == .current)
    }

    @Test("one later migration that is no addition is one too many")
    func newer() throws {
        let version = Self.own.version
        let schema = later(additive, "CREATE TABLE rollcall.other (id integer);")
        _ = try Migrator(schema).migrate(on: connection)
        #expect(
            try Migrator(Self.own).state(on: connection)
                == .newer(version: version + 2, expected: version))
        // Nor is an addition to that one for programs of before.
        try connection.script(
            "UPDATE rollcall.schema_migration SET works_from = \(version + 1) WHERE works_from IS NULL"
        )
        #expect(!(try Migrator(Self.own).state(on: connection).fits))
        #expect(throws: MigrationRefused.self) {
            try Migrator(Self.own).migrate(on: connection)
        }
    }

    @Test("what workers cannot work with waits until they are gone; additions do not")
    func blocked() throws {
        try connection.script(
            """
            INSERT INTO rollcall.worker (id, started_at, heartbeat_at, lanes, in_flight, partitions,
                host, version, state)
            VALUES ('crashed', now(), now() - interval '2 minutes', 1, 0, 0, 'h', '1', 'running'),
                   ('at-work', now(), now(), 1, 0, 0, 'h', '1', 'running')
            """)
        _ = try Migrator(later(additive)).migrate(on: connection)
        let further = later(additive, "CREATE TABLE rollcall.other (id integer);")
        let refusal = #expect(throws: MigrationBlocked.self) {
            try Migrator(further).migrate(on: connection)
        }
        #expect(refusal?.workers == ["at-work"])
        #expect(try Migrator(later(additive)).state(on: connection) == .current)
        try connection.script("DELETE FROM rollcall.worker WHERE id = 'at-work'")
        #expect(try Migrator(further).migrate(on: connection).count == 1)
    }
}
