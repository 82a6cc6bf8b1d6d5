import Foundation
import Jobs
import Postgres
import Store
import Testing

@testable import Execution

/// Imports that are stopped, cut off, and in each other's way.
@Suite struct RosterControlTests {
    private let desk: RosterDesk
    private static let course = #""target":1"#

    init() throws {
        desk = try RosterSchool.desk()
        desk.chunkRows = 200
    }

    /// A file whose rows are applied in three parts; one of them is wrong.
    private static let file =
        "username,role\n" + (1...500).map { "n\($0),\($0 == 300 ? "king" : "")\n" }.joined()
    private static let whole = "succeeded_with_rejections items 500 created 499 rejected 1"

    private func written() throws -> Int {
        Int(try desk.value("SELECT count(*) FROM seat") ?? "") ?? -1
    }

    @Test(
        "cancelled after any turn it counts what it has done, and the next one does the rest",
        arguments: 0...9)
    func cancel(_ turns: Int) throws {
        let id = try desk.send("people", Self.file, Self.course)
        for _ in 0..<turns { try desk.turn() }
        let isOver = try desk.job(id) == Self.whole
        let store = desk.worker().backfills.store
        _ = try desk.connection.transaction {
            try store.close(id, .cancelled, on: desk.connection)
        }
        try desk.run()
        let seats = try written()
        #expect([0, 200, 400, 499].contains(seats))
        let job = try #require(try desk.job(id))
        #expect(isOver ? job == Self.whole : job.hasPrefix("cancelled items "))
        #expect(job.contains("created \(seats)") || seats == 0 && !job.contains("created"))
        #expect(try desk.discrepancy(of: id) == nil)
        #expect(
            try desk.value("SELECT count(*) FROM rollcall.roster_row WHERE code IS NULL") == "0")
        let next = try desk.apply("people", Self.file, Self.course)
        #expect(
            try desk.rows(
                "SELECT created, unchanged, rejected FROM rollcall.jobs WHERE id = '\(next)'")
                == ["\(499 - seats)|\(seats)|1"])
    }

    @Test("paused between two parts it goes on where it was")
    func pause() throws {
        let id = try desk.send("people", Self.file, Self.course)
        while try written() == 0 { try desk.turn() }
        _ = try controls.pause(Control(.job, "\(id)"), on: desk.connection)
        #expect(try !desk.turn())
        #expect(try written() == 200)
        #expect(try desk.value("SELECT paused FROM rollcall.jobs") == "t")
        _ = try controls.resume(Control(.job, "\(id)"), on: desk.connection)
        _ = try controls.pause(Control(.kind, "roster-import"), on: desk.connection)
        #expect(try !desk.turn())
        _ = try controls.resume(Control(.kind, "roster-import"), on: desk.connection)
        // The relation that its rows go through.
        _ = try controls.pause(Control(.relation, "seat"), on: desk.connection)
        #expect(try !desk.turn())
        #expect(try desk.value("SELECT paused FROM rollcall.jobs") == "t")
        _ = try controls.resume(Control(.relation, "seat"), on: desk.connection)
        _ = try controls.pause(Control(.relation, "other"), on: desk.connection)
        try desk.run()
        #expect(try desk.job(id) == Self.whole)
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("a part that is cut off in the middle is done once")
    func cutOff() throws {
        try desk.connection.script(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE TRIGGER cut AFTER INSERT ON seat FOR EACH STATEMENT EXECUTE FUNCTION cut()
            """)
        let id = try desk.send("people", Self.file, Self.course)
        let other = try desk.another()
        let failed = #expect(throws: PartFailed.self) {
            while try desk.turn(on: other) {}
        }
        #expect(try written() == 0)
        #expect(try desk.people() == [])
        try desk.connection.script("DROP TRIGGER cut ON seat")
        if let debt = failed?.debt {
            #expect(try desk.worker().backfills.settle(debt, on: desk.connection))
        }
        try desk.run()
        #expect(try desk.job(id) == Self.whole)
        #expect(try written() == 499)
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("parts that are cut off while they are staged are staged once")
    func cutOffWhileStaging() throws {
        try desk.connection.script(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE TRIGGER cut AFTER INSERT ON rollcall.roster_part FOR EACH ROW EXECUTE FUNCTION cut()
            """)
        let id = desk.freshID()
        let part = try desk.parts("people", [Self.file], Self.course, id: id)[0]
        let other = try desk.another()
        #expect(throws: PostgresError.self) { try desk.stage(part, on: other) }
        try desk.connection.script("DROP TRIGGER cut ON rollcall.roster_part")
        #expect(try desk.job(id) == nil)
        try desk.stage(part)
        try desk.run()
        #expect(try desk.job(id) == Self.whole)
    }

    @Test("several workers share the parts, each part once")
    func severalWorkers() throws {
        let id = try desk.send("people", Self.file, Self.course)
        let workers = (0..<3).map { desk.worker("w\($0)") }
        #expect(sideBySide(3) { side in try workers[side].run() } == [])
        try desk.run()
        #expect(try desk.job(id) == Self.whole)
        #expect(try desk.discrepancy(of: id) == nil)
    }

    @Test("of two imports into one target the second waits for the first")
    func oneTarget() throws {
        let first = try desk.send("people", "username,full_name\nada,First\n", Self.course)
        let second = try desk.send(
            "people", "username,full_name\nada,Second\nbob,B\n", Self.course + #","exact":true"#)
        let elsewhere = try desk.send("people", "username\ncyd\n", #""target":2"#)
        #expect(
            try desk.rows("SELECT id, state FROM rollcall.jobs WHERE state <> 'running'")
                == ["\(second)|waiting"])
        #expect(
            try desk.value("SELECT waits_for FROM rollcall.jobs WHERE id = '\(second)'")
                == "job \(first)")
        try desk.run()
        #expect(try desk.job(first) == "succeeded items 1 created 1")
        #expect(try desk.job(second) == "succeeded items 2 created 1 updated 1")
        #expect(try desk.job(elsewhere) == "succeeded items 1 created 1")
        #expect(try desk.people() == ["ada|Second", "bob|B", "cyd|nobody"])
    }
}
