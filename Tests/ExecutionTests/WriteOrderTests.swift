import Jobs
import Testing

@testable import Execution

/// A row that is removed makes room for another that is written in the same batch.
@Suite struct WriteOrderTests {
    private static let catalog = """
        catalog: seats
        relations:
          seat:
            table: seat
            target: room_id
            member: person_id
            attributes: [row]
        """

    /// Constraints by which rows of two targets are in each other's way.
    enum Constraint: String, CaseIterable, Sendable {
        case aKeyOfTheMemberAlone = "UNIQUE (person_id)"
        case anExclusion = "EXCLUDE (person_id WITH =)"
        case aSecondKeyWithAnAttribute = "UNIQUE (person_id, row)"
    }

    @Test(arguments: Constraint.allCases)
    func aMemberMovesToAnotherTarget(_ constraint: Constraint) throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE seat (room_id int, person_id int, row int NOT NULL DEFAULT 1,
                    PRIMARY KEY (room_id, person_id), \(constraint.rawValue));
                INSERT INTO seat VALUES (1, 7);
                """, catalog: Self.catalog)
        // Otherwise the batch would fail and be executed in parts.
        #expect(desk.executor.plans["seat"]?.insertsFirst == false)
        let messages = [
            try desk.message("unassign", #""relation":"seat","target":1,"members":[7]"#),
            try desk.message("assign", #""relation":"seat","target":2,"members":[7]"#),
        ]
        // Both of one key, which promises their order.
        _ = try desk.executor.execute(
            Batch(messages.map { Batch.Entry(message: $0, key: 0) }), on: desk.connection)
        #expect(try desk.rows("SELECT room_id, person_id FROM seat") == ["2|7"])
        #expect(try desk.receipt(messages[0]) == Receipt(removed: 1))
        #expect(try desk.receipt(messages[1]) == Receipt(created: 1))
    }

    /// Nothing is ever changed, and still there are several runs and rows to lock for them.
    @Test func aRelationThatChangesNothingRemovesAndWritesAgain() throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE seat (room_id int, person_id int, row int NOT NULL DEFAULT 1,
                    PRIMARY KEY (room_id, person_id));
                INSERT INTO seat VALUES (1, 7, 3), (1, 8, 4);
                """, catalog: Self.catalog)
        let messages = [
            try desk.message(
                "unassign",
                #""relation":"seat","target":1,"members":[{"member":7,"row":3},{"member":8,"row":5}]"#
            ),
            try desk.message("assign", #""relation":"seat","target":1,"members":[7,8]"#),
        ]
        try desk.execute(messages)
        #expect(try desk.rows("SELECT * FROM seat ORDER BY 2") == ["1|7|1", "1|8|4"])
        #expect(try desk.receipt(messages[0]) == Receipt(removed: 1, absent: 1))
        #expect(try desk.receipt(messages[1]) == Receipt(created: 1, unchanged: 1))
    }

    @Test(arguments: [
        "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "UNIQUE (person_id, row, room_id)",
    ])
    func otherKeysLeaveTheOrderWithoutDeadlocks(_ key: String) throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE seat (room_id int, person_id int, row int NOT NULL DEFAULT 1, \(key),
                    UNIQUE (room_id, person_id));
                """, catalog: Self.catalog.split(separator: "\n").dropLast().joined(separator: "\n")
        )
        #expect(desk.executor.plans["seat"]?.insertsFirst == true)
    }

    /// A member on two seats of which one is taken is no fault if the last is free: alone or not.
    @Test(arguments: ["[]", "[{\"member\":9,\"row\":4}]"], [1, 2])
    func aJobThatContradictsItselfEndsAsAlone(_ removals: String, _ target: Int) throws {
        let desk = try Desk(
            tables: """
                CREATE TABLE seat (room_id int, person_id int, row int NOT NULL DEFAULT 1,
                    PRIMARY KEY (room_id, person_id), UNIQUE (room_id, row));
                """, catalog: Self.catalog + "\n    conflict: { update: [row] }")
        let members = [(6, 1), (1, 1), (1, 3)].map { #"{"member":\#($0),"row":\#($1)}"# }
        let messages = [
            try desk.message(
                "assign",
                #""relation":"seat","target":1,"mode":"atomic","members":[\#(members.joined(separator: ","))]"#
            ),
            try desk.message(
                "unassign", #""relation":"seat","target":\#(target),"members":\#(removals)"#),
        ]
        _ = try desk.executor.execute(
            Batch(messages.map { Batch.Entry(message: $0, key: 0) }), on: desk.connection)
        #expect(try desk.rows("SELECT person_id, row FROM seat ORDER BY 1") == ["1|3", "6|1"])
        #expect(try desk.receipt(messages[0]) == Receipt(created: 2, superseded: 1))
    }
}
