import Dispatch
import Jobs
import Postgres
import Sandbox
import Synchronization
import Testing

@testable import Execution

/// Rows that are known by other indexes than a plain one on the identity, or by none.
@Suite struct ArbiterTests {
    private static let tables = """
        CREATE SCHEMA c;
        CREATE TABLE c.live (team int, person int, gone bool NOT NULL DEFAULT false, note text);
        CREATE UNIQUE INDEX live_one ON c.live (team, person) WHERE NOT gone;
        INSERT INTO c.live VALUES (1, 1, true, 'old'), (1, 2, false, 'here');
        CREATE TABLE c.mail (list int NOT NULL, address text NOT NULL, note text);
        CREATE UNIQUE INDEX mail_one ON c.mail (list, lower(address));
        CREATE TABLE c.loose (label numeric, thing int, kind text);
        INSERT INTO c.loose VALUES (1, 5, 'a'), (1, 5, 'a');
        CREATE TABLE c.once (team int, person int, note text, PRIMARY KEY (team, person));
        CREATE TABLE c.word (team int, person int, note text, PRIMARY KEY (team, person));
        """

    private static let catalog = """
        catalog: c
        relations:
          live:
            { table: c.live, target: team, member: person, attributes: [gone, note], conflict: { update: [note] } }
          mail:
            { table: c.mail, target: list, member: address, attributes: [note], conflict: { update: [note] } }
          loose:
            { table: c.loose, target: label, member: [thing, kind], unique: false }
          once:
            { table: c.once, target: team, member: person, conflict: refuse }
          word:
            table: c.word
            target: team
            member: person
            attributes: [note]
            reject:
              - { code: bad, when: "to_tsvector('simple', 'x') @@ to_tsquery('simple', item.note)" }
        """

    private let desk: Desk

    init() throws { desk = try Desk(tables: Self.tables, catalog: Self.catalog) }

    private func job(
        _ kind: String, _ relation: String, _ target: String, _ members: String
    ) throws -> Message {
        try desk.message(
            kind, "\"relation\":\"\(relation)\",\"target\":\(target),\"members\":\(members)")
    }

    @Test("with a partial index only its rows are there; others are not written")
    func partial() throws {
        let assign = try job(
            "assign", "live", "1",
            #"[1, {"member": 2, "note": "new"}, {"member": 2, "gone": true}, {"member": 3, "gone": true}]"#
        )
        try desk.execute(assign)
        #expect(try desk.codes(assign) == [3: "live_one", 4: "live_one"])
        #expect(try desk.receipt(assign) == Receipt(created: 1, updated: 1, rejected: 2))
        let unassign = try job("unassign", "live", "1", "[1, 2, 3]")
        try desk.execute(unassign)
        #expect(try desk.receipt(unassign) == Receipt(removed: 2, absent: 1))
        #expect(try desk.rows("SELECT * FROM c.live") == ["1|1|t|old"])
    }

    @Test("an index over expressions holds equal what they hold equal")
    func expressions() throws {
        let assign = try job(
            "assign", "mail", "1", #"["Ada@x", {"member": "ADA@x", "note": "second"}, "bob@x"]"#)
        try desk.execute(assign)
        try desk.execute(try job("assign", "mail", "1", #"[{"member": "ada@X", "note": "third"}]"#))
        #expect(
            try desk.rows("SELECT address, note FROM c.mail ORDER BY 1")
                .map { $0.lowercased() } == ["ada@x|third", "bob@x|null"])
        #expect(try desk.receipt(assign)?.counts.created == 2)
    }

    @Test("without any index rows are written once, in one job or many")
    func loose() throws {
        let first = try job(
            "assign", "loose", "1", #"[{"thing": 5, "kind": "a"}, {"thing": 6, "kind": "a"}]"#)
        let second = try job(
            "assign", "loose", #""1.00""#,
            #"[{"thing": 6, "kind": "a"}, {"thing": 6, "kind": "b"}]"#)
        try desk.execute(first, second)
        #expect(try desk.receipt(first) == Receipt(created: 1, unchanged: 1))
        #expect(try desk.receipt(second) == Receipt(created: 1, unchanged: 1))
        #expect(
            try desk.rows("SELECT thing, kind FROM c.loose ORDER BY 1, 2")
                == ["5|a", "5|a", "6|a", "6|b"])
        let gone = try job("unassign", "loose", "1", #"[{"thing": 5, "kind": "a"}]"#)
        try desk.execute(gone)
        #expect(try desk.receipt(gone) == Receipt(removed: 1))
    }

    @Test("equal targets have one lock, however they are written")
    func locks() throws {
        let other = try Connection(desk.database.conninfo, applicationName: "other")
        try other.script(
            """
            BEGIN; SELECT pg_advisory_xact_lock(
              hashtextextended('c.loose', hash_record_extended(ROW(7.000::numeric), 0)))
            """)
        let batch = Desk.batch([try job("assign", "loose", "7", #"[{"thing": 1, "kind": "a"}]"#)])
        let (executor, conninfo) = (desk.executor, desk.database.conninfo)
        let result = Mutex<Result<BatchResult, any Error>?>(nil)
        let group = DispatchGroup()
        DispatchQueue(label: "waiting").async(group: group) {
            let made = Result {
                try executor.execute(batch, on: Connection(conninfo, applicationName: "waiting"))
            }
            result.withLock { $0 = made }
        }
        while result.withLock({ $0 }) == nil, try !desk.isSomebodyWaiting() {}
        #expect(result.withLock { $0 } == nil, "nobody waited")
        try other.script("ROLLBACK")
        group.wait()
        #expect(try result.withLock { $0 }?.get().jobs == 1)
    }

    @Test("where rows must be new, one that is there refuses its item")
    func refuse() throws {
        let job1 = try job("assign", "once", "1", "[1, 2, 1]")
        let job2 = try job("assign", "once", "1", "[2, 3]")
        try desk.execute(job1, job2)
        #expect(try desk.codes(job1) == [3: "already-exists"])
        #expect(try desk.codes(job2) == [1: "already-exists"])
        #expect(try desk.rows("SELECT person FROM c.once ORDER BY 1") == ["1", "2", "3"])
    }

    @Test("a value that a rule cannot read refuses its item and holds up nobody")
    func unreadable() throws {
        let bad = try job(
            "assign", "word", "1", #"[{"member": 1, "note": "a b"}, {"member": 2, "note": "y"}]"#)
        let good = try job("assign", "word", "2", #"[{"member": 1, "note": "y"}]"#)
        try desk.execute(bad, good)
        #expect(try desk.codes(bad).keys.sorted() == [1])
        #expect(try desk.receipt(good) == Receipt(created: 1))
        #expect(try desk.value("SELECT count(*) FROM c.word") == "2")
    }
}
