import Jobs
import Postgres
import Testing

@testable import Execution

/// What an item is refused for, and that it alone is.
@Suite struct RejectionTests {
    private static let tables = """
        CREATE TABLE room (building int, number int, PRIMARY KEY (building, number));
        INSERT INTO room VALUES (1, 10), (1, 11);
        CREATE TABLE person (id int PRIMARY KEY, name text, banned boolean NOT NULL DEFAULT false);
        INSERT INTO person (id, name) SELECT n, 'person ' || n FROM generate_series(1, 1000) n;
        UPDATE person SET banned = true WHERE id = 5;
        CREATE TABLE club (id int PRIMARY KEY);
        INSERT INTO club SELECT generate_series(1, 20);
        CREATE TABLE member (
            club_id  int NOT NULL REFERENCES club,
            person_id int NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
            role     text NOT NULL,
            hours    int NOT NULL DEFAULT 1 CONSTRAINT hours_in_a_week CHECK (hours <= 168),
            building int,
            number   int,
            seat     int,
            n        int,
            PRIMARY KEY (club_id, person_id),
            CONSTRAINT room_exists FOREIGN KEY (building, number) REFERENCES room,
            CONSTRAINT one_seat UNIQUE (club_id, seat)
        );
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''nobody is called %'', NEW.role; END';
        CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON member
        FOR EACH ROW WHEN (NEW.role = 'nobody') EXECUTE FUNCTION refuse();
        """
    private static let catalog = """
        catalog: clubs
        relations:
          member:
            table: member
            target: club_id
            member: person_id
            attributes: [role, hours, building, number, seat, n]
            conflict: { update: [role, hours, seat, n] }
            reject:
              - code: person-banned
                when: "EXISTS (SELECT 1 FROM public.person p WHERE p.id = item.person_id AND p.banned)"
                message: "person {person_id} is banned as {role}, {0} and {"
              - code: hours-split
                when: "10 / item.hours > 100"
        """

    private let desk: Desk

    init() throws { desk = try Desk(tables: Self.tables, catalog: Self.catalog) }

    private func assign(_ members: String, club: Int = 1, _ more: String = "") throws -> Message {
        try desk.message(
            "assign",
            #""relation":"member","target":\#(club),"members":[\#(members)]"#
                + (more.isEmpty ? "" : ",\(more)"))
    }

    private func person(_ id: Int, _ more: String = "") -> String {
        #"{"member":\#(id),"role":"x"\#(more.isEmpty ? "" : ",\(more)")}"#
    }

    /// Executes a job that has one bad item between two good ones.
    private func rejection(of item: String, good: [String] = ["1", "2"]) throws -> RejectedItem? {
        let items = [good[0], item, good[1]]
        let job = try assign(
            items.map { $0.hasPrefix("{") ? $0 : person(Int($0)!) }.joined(separator: ","))
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 2, rejected: 1))
        let found = try desk.rejections(job)
        #expect(found.map(\.item) == [2])
        return found.first
    }

    // MARK: Foreign keys

    @Test("failure 10: a parent that is not there yet refuses its item alone")
    func aMemberThatIsNotThereIsUnknown() throws {
        let found = try rejection(of: person(4_711))
        #expect(found?.code == "unknown-person")
        #expect(found?.member == "4711")
        #expect(found?.message == #"person.id has no row "4711""#)
    }

    @Test func aTargetThatIsNotThereRefusesAllItems() throws {
        let job = try assign("\(person(1)),\(person(2))", club: 99)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(rejected: 2))
        #expect(try desk.codes(job) == [1: "unknown-club", 2: "unknown-club"])
    }

    @Test func aKeyOfSeveralColumnsIsUnknownAsAWhole() throws {
        let found = try rejection(of: person(3, #""building":1,"number":12"#))
        #expect(found?.code == "unknown-number")
        #expect(found?.message == #"room.building, number has no row "1", "12""#)
        // With a part missing the key says nothing.
        let job = try assign(
            "\(person(4, #""building":9"#)),\(person(6, #""building":1,"number":11"#))")
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 2))
    }

    // MARK: Missing values

    @Test func anAttributeThatTheRowNeedsIsMissing() throws {
        #expect(try rejection(of: #"{"member":3}"#)?.code == "missing-value")
        let found = try rejection(of: #"{"member":3,"role":null}"#, good: ["6", "7"])
        #expect(found?.code == "missing-value")
        #expect(found?.message == "role: expected a value, got null")
    }

    @Test(arguments: ["null", "[]", "{}", #"{"role":"x"}"#, #"{"member":null}"#])
    func aMemberWithoutAValueIsRefused(_ member: String) throws {
        let job = try assign(member, #""attributes":{"role":"x"}"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(rejected: 1))
        let code = try desk.codes(job)[1]
        #expect(code == "missing-value" || code == "invalid-value")
    }

    @Test func anAttributeThatTheRelationDoesNotHaveIsRefused() throws {
        let found = try rejection(of: person(3, #""rolle":"x""#))
        #expect(found?.code == "unknown-attribute")
        #expect(found?.message.contains(#"got "rolle""#) == true)
    }

    // MARK: Rules and checks

    @Test func aRuleRefusesWithItsMessage() throws {
        let found = try rejection(of: #"{"member":5,"role":"{person_id}"}"#)
        #expect(found?.code == "person-banned")
        #expect(found?.message == "person 5 is banned as {person_id}, {0} and {")
    }

    @Test func aRuleThatFailsOnAnItemRefusesThatItem() throws {
        let found = try rejection(of: person(3, #""hours":0"#))
        #expect(found?.code == "sqlstate-22012")
        #expect(found?.message == "division by zero")
    }

    @Test func aCheckRefusesWithItsName() throws {
        let found = try rejection(of: person(3, #""hours":169"#))
        #expect(found?.code == "hours_in_a_week")
        #expect(found?.message.contains(#"hours "169""#) == true)
    }

    @Test func aCheckRefusesAlsoWhatALaterItemReplaces() throws {
        let jobs = [
            try assign("\(person(1, #""hours":169"#)),\(person(2))", #""mode":"atomic""#),
            try assign(person(1, #""hours":7"#)),
        ]
        try desk.execute(jobs)
        #expect(try desk.receipt(jobs[0]) == Receipt(rejected: 2, error: "item-rejected"))
        #expect(try desk.receipt(jobs[1]) == Receipt(created: 1))
        #expect(try desk.rows("SELECT person_id, hours FROM member") == ["1|7"])
    }

    // MARK: What only the database knows

    @Test func aTriggerThatRaisesRefusesWithItsState() throws {
        let found = try rejection(of: #"{"member":3,"role":"nobody"}"#)
        #expect(found?.code == "sqlstate-P0001")
        #expect(found?.message == "nobody is called nobody")
    }

    @Test func aSecondUniqueConstraintRefusesTheItem() throws {
        try desk.execute(try assign(person(9, #""seat":4"#)))
        let found = try rejection(of: person(3, #""seat":4"#))
        #expect(found?.code == "one_seat")
        #expect(found?.message.contains("(club_id, seat)=(1, 4)") == true)
    }

    @Test func ofTwoItemsForOneSeatTheFirstGetsIt() throws {
        let job = try assign([1, 2, 3].map { person($0, #""seat":4"#) }.joined(separator: ","))
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1, rejected: 2))
        #expect(try desk.codes(job) == [2: "one_seat", 3: "one_seat"])
        #expect(try desk.rows("SELECT person_id FROM member WHERE seat = 4") == ["1"])
    }

    @Test func aSeatThatIsGivenUpInTheSameJobIsFree() throws {
        try desk.execute(try assign(person(1, #""seat":4"#)))
        let job = try assign("\(person(1, #""seat":5"#)),\(person(2, #""seat":4"#))")
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1, updated: 1))
        #expect(try desk.rows("SELECT person_id, seat FROM member ORDER BY 1") == ["1|5", "2|4"])
    }

    @Test func aSeatIsTakenUntilALaterJobGivesItUp() throws {
        try desk.execute(try assign(person(1, #""seat":4"#)))
        let jobs = [
            try assign(person(2, #""seat":4"#)),
            try desk.message("unassign", #""relation":"member","target":1,"members":[1]"#),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(rejected: 1), Receipt(removed: 1),
            ])
    }

    @Test("failure 9: seats swapped at once are refused as one after the other")
    func swappingSeatsAtOnceIsRefusedAsOneAfterTheOther() throws {
        try desk.execute(
            try assign("\(person(1, #""seat":1"#)),\(person(2, #""seat":2"#))"))
        let job = try assign(
            "\(person(1, #""seat":2"#)),\(person(2, #""seat":1"#)),\(person(3, #""seat":3"#))")
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(created: 1, rejected: 2))
        #expect(
            try desk.rows("SELECT person_id, seat FROM member ORDER BY 1") == ["1|1", "2|2", "3|3"])
    }

    @Test func whatAFailedJobWouldHaveTakenIsFree() throws {
        let jobs = [
            try assign(
                "\(person(1, #""seat":4"#)),{\"member\":2,\"role\":\"nobody\"}",
                #""mode":"atomic""#),
            try assign(person(3, #""seat":4"#), club: 1),
        ]
        try desk.execute(jobs)
        #expect(try desk.receipt(jobs[0]) == Receipt(rejected: 2, error: "item-rejected"))
        #expect(try desk.receipt(jobs[1]) == Receipt(created: 1))
    }

    @Test func aRowThatOthersReferToIsNotRemoved() throws {
        try desk.connection.script(
            """
            CREATE TABLE badge (club_id int, person_id int, CONSTRAINT has_badge
              FOREIGN KEY (club_id, person_id) REFERENCES member DEFERRABLE INITIALLY DEFERRED);
            """)
        try desk.compileAgain()
        try desk.execute(try assign("\(person(1)),\(person(2)),\(person(3))"))
        try desk.connection.execute("INSERT INTO badge VALUES (1, 2)")
        let job = try desk.message(
            "unassign", #""relation":"member","target":1,"members":[1,2,3]"#)
        try desk.execute(job)
        #expect(try desk.receipt(job) == Receipt(removed: 2, rejected: 1))
        #expect(try desk.codes(job) == [2: "has_badge"])
    }

    @Test func anAtomicJobWithAPoisonItemWritesNothingAndItsNeighboursAreUntouched() throws {
        let jobs = [
            try assign(person(1)),
            try assign("\(person(2)),{\"member\":3,\"role\":\"nobody\"}", #""mode":"atomic""#),
            try assign("\(person(4)),{\"member\":6,\"role\":\"nobody\"},\(person(7))", club: 2),
            try assign(person(8)),
        ]
        try desk.execute(jobs)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(created: 1), Receipt(rejected: 2, error: "item-rejected"),
                Receipt(created: 2, rejected: 1), Receipt(created: 1),
            ])
        #expect(try desk.codes(jobs[1]) == [1: "not-applied", 2: "sqlstate-P0001"])
        #expect(
            try desk.rows("SELECT club_id, person_id FROM member ORDER BY 1, 2")
                == ["1|1", "1|8", "2|4", "2|7"])
    }

    @Test func onlyAsManyRejectionsAreKeptAsAskedForButAllAreCounted() throws {
        let executor = try Desk.executor(
            catalog: Self.catalog, storedRejections: 3, on: desk.connection)
        let job = try assign((2_000..<2_100).map { person($0) }.joined(separator: ","))
        _ = try executor.execute(Desk.batch([job]), on: desk.connection)
        #expect(try desk.receipt(job) == Receipt(rejected: 100))
        #expect(try desk.rejections(job).map(\.item) == [1, 2, 3])
    }

    // MARK: Triggers

    @Test func whatATriggerNotesIsNotedAlsoOfWhatIsUndoneLater() throws {
        try desk.connection.script(
            """
            CREATE TABLE audit (n serial, what text);
            CREATE TABLE pair (t int, m int, r text, PRIMARY KEY (t, m));
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO public.audit (what) VALUES (lower(TG_OP) || coalesce(NEW.m, OLD.m));
             RETURN NULL; END';
            CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON pair
            FOR EACH ROW EXECUTE FUNCTION note();
            """)
        let executor = try Desk.executor(
            catalog: """
                catalog: pairs
                relations:
                  pair:
                    table: pair
                    target: t
                    member: m
                    attributes: [r]
                    conflict: { update: [r] }
                """, on: desk.connection)
        func job(_ kind: String, _ members: String) throws -> Message {
            try desk.message(kind, #""relation":"pair","target":1,"members":[\#(members)]"#)
        }
        let jobs = [
            try job("assign", "1,2,2"), try job("unassign", "1,1"), try job("assign", "1,3"),
            try job("assign", #"{"member":1,"r":"x"}"#),
        ]
        _ = try executor.execute(Desk.batch(jobs), on: desk.connection)
        #expect(
            try jobs.map(desk.receipt) == [
                Receipt(created: 2, unchanged: 1), Receipt(removed: 1, absent: 1),
                Receipt(created: 2), Receipt(updated: 1),
            ])
        let noted = try desk.rows("SELECT what FROM audit WHERE what LIKE '%1' ORDER BY n")
        #expect(noted == ["insert1", "delete1", "insert1", "update1"])
        #expect(try desk.value("SELECT count(*) FROM audit") == "6")
    }

    @Test func whatARefusedItemHidIsWrittenBeforeTheNextOfItsRowIsTried() throws {
        try desk.connection.script(
            """
            CREATE TABLE load (t int, m int, note text, weight int DEFAULT 1, PRIMARY KEY (t, m));
            CREATE FUNCTION too_heavy() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION ''too heavy''; END';
            CREATE TRIGGER too_heavy AFTER INSERT ON load
            FOR EACH ROW WHEN (NEW.weight = 9) EXECUTE FUNCTION too_heavy();
            """)
        let executor = try Desk.executor(
            catalog: """
                catalog: loads
                relations:
                  load:
                    table: load
                    target: t
                    member: m
                    attributes: [note, weight]
                    conflict: { update: [note] }
                """, on: desk.connection)
        let job = try desk.message(
            "assign",
            #"""
            "relation":"load","target":1,"members":[{"member":1,"weight":9,"note":"a"},
            {"member":1,"weight":2},{"member":1,"weight":9,"note":"b"}]
            """#)
        _ = try executor.execute(Desk.batch([job]), on: desk.connection)
        #expect(try desk.receipt(job) == Receipt(created: 1, updated: 1, rejected: 1))
        #expect(try desk.rows("SELECT * FROM load") == ["1|1|b|2"])
    }

    // MARK: The cost of poison

    @Test(arguments: [1, 2, 5])
    func poisonIsFoundByHalving(_ poisonCount: Int) throws {
        // A sequence counts also what is rolled back.
        try desk.connection.script(
            """
            CREATE SEQUENCE writes;
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM nextval(''public.writes''); RETURN NULL; END';
            CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON member
            FOR EACH STATEMENT EXECUTE FUNCTION note();
            """)
        try desk.compileAgain()
        let count = 512
        let jobs = try (0..<8).map { job in
            let first = 101 + job * count / 8
            return try assign(
                (first..<(first + count / 8)).map { number in
                    (number - 101) * poisonCount % count < poisonCount
                        ? #"{"member":\#(number),"role":"nobody"}"# : person(number)
                }.joined(separator: ","), club: job + 1)
        }
        try desk.execute(jobs)
        let receipts = try jobs.compactMap(desk.receipt)
        #expect(receipts.reduce(0) { $0 + $1.counts.rejected } == poisonCount)
        #expect(receipts.reduce(0) { $0 + $1.counts.created } == count - poisonCount)
        let writes = Int(try desk.value("SELECT last_value FROM writes") ?? "") ?? 0
        print("poison: \(poisonCount) among \(count) cost \(writes) writes")
        #expect(writes <= 2 * poisonCount * 9 + 4)
    }
}
