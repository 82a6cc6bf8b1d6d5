import Catalog
import Jobs
import Postgres
import Testing

@testable import Execution

/// What the DefectDojo catalog does, sentence by sentence.
@Suite struct DefectDojoTests {
    private static let size = ["users": 240, "products": 130, "present": 50]

    private func desk(
        _ seed: UInt64 = Comparison.seed, _ size: [String: Int] = Self.size,
        isPooled: Bool = false
    ) throws -> SystemDesk {
        print("DefectDojo: seed \(seed)")
        return try SystemDesk(
            Comparison.system("defectdojo", seed: seed, size), isPooled: isPooled)
    }

    private func expect(
        _ verdict: DefectDojoVerdict, _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(
            verdict.faults.isEmpty, "\(verdict.faults.prefix(20).joined(separator: "\n"))",
            sourceLocation: location)
    }

    @Test("the catalog fits the tables")
    func fits() throws {
        let desk = try desk()
        #expect(desk.findings.filter { $0.level == .error }.isEmpty)
        let (plans, backfills, _) = try SystemDesk.compile(
            SystemDesk.catalog("defectdojo.yaml"), on: desk.connection)
        #expect(plans.keys.sorted() == ["product-authorized-user", "product-type-authorized-user"])
        #expect(backfills.keys.sorted() == ["authorized-users"])
        // The triggers of the history are why the flags have a step of their own.
        #expect(
            desk.findings.contains {
                $0.level == .warning && $0.message.contains("auth_user")
                    && $0.message.contains("flags")
            })
    }

    // MARK: The whole

    @Test(
        "all pairs, flags and events are those of a naive run, also by several lanes",
        arguments: [1, 2, 4], [false, true])
    func wholeRun(lanes: Int, isPooled: Bool) throws {
        let desk = try desk(isPooled: isPooled)
        let oracle = try DefectDojoOracle(desk.connection)
        let before = try DefectDojoState(desk)
        let ending = try desk.run("authorized-users", lanes: lanes)
        expect(DefectDojoVerdict(before, try DefectDojoState(desk), oracle, ending))
        #expect(ending.created > 500, "the sample makes some work")
        // Nobody had to try a part again.
        #expect(
            try desk.troubles() == [])
    }

    @Test("small parts that several lanes share end as large ones do")
    func smallParts() throws {
        let desk = try desk()
        let text = try SystemDesk.catalog("defectdojo.yaml")
            .replacing("rows: 5000", with: "rows: 7").replacing("rows: 500\n", with: "rows: 3\n")
            .replacing("rows: 100\n", with: "rows: 1\n")
        let oracle = try DefectDojoOracle(desk.connection)
        let before = try DefectDojoState(desk)
        let small = try desk.definitions(text)
        let ending = try desk.run("authorized-users", lanes: 4, with: small)
        expect(DefectDojoVerdict(before, try DefectDojoState(desk), oracle, ending))
        #expect(ending.parts == 35 + 44 + 3)
        #expect(
            try desk.troubles() == [])
    }

    @Test("a second run changes no row, writes no event and takes no number from a sequence")
    func secondRun() throws {
        let desk = try desk()
        try desk.run("authorized-users")
        let before = try DefectDojoState(desk)
        let again = try desk.run("authorized-users", lanes: 2)
        #expect(again.written == 0)
        #expect((again.state, again.isSkipped) == ("succeeded", false))
        #expect(try DefectDojoState(desk) == before)
    }

    @Test("what has come since the last run is added, and what is there stays")
    func laterRun() throws {
        let desk = try desk()
        try desk.run("authorized-users")
        try desk.connection.script(
            """
            INSERT INTO dojo_dojo_group_member (group_id, role_id, user_id)
              SELECT id, 5, 1 + id % 9 FROM dojo_dojo_group;
            DELETE FROM dojo_product_member WHERE id % 3 = 0;
            INSERT INTO dojo_global_role (group_id, role_id) SELECT id, 4 FROM dojo_dojo_group
              ORDER BY id LIMIT 2 ON CONFLICT (group_id) DO UPDATE SET role_id = 4;
            """)
        let before = try DefectDojoState(desk)
        let ending = try desk.run("authorized-users", lanes: 2)
        expect(
            DefectDojoVerdict(
                before, try DefectDojoState(desk), try DefectDojoOracle(desk.connection), ending))
        #expect(ending.created > 0 && ending.updated > 0)
    }

    // MARK: Flags

    /// A database with a user for each way to a flag, and nothing else.
    private func flags(_ globalRoles: String) throws -> [String] {
        let desk = try desk(1, ["users": 12, "products": 1, "present": 0])
        try desk.connection.script(
            """
            UPDATE auth_user SET is_superuser = false, is_staff = false;
            TRUNCATE dojo_global_role, dojo_dojo_group_member, dojo_dojo_userevent;
            INSERT INTO dojo_dojo_group_member (group_id, role_id, user_id) VALUES
              (1, 4, 10), (1, 5, 11), (1, 2, 11);
            """ + globalRoles)
        try desk.run("authorized-users")
        return try desk.rows(
            """
            SELECT id, concat_ws(' ', CASE WHEN is_superuser THEN 'superuser' END,
              CASE WHEN is_staff THEN 'staff' END) FROM auth_user
            WHERE is_superuser OR is_staff ORDER BY id
            """)
    }

    @Test("an owner becomes superuser and not staff, alone or as a member of a group")
    func owners() throws {
        #expect(
            try flags(
                "INSERT INTO dojo_global_role (user_id, group_id, role_id) VALUES (3, NULL, 4), (NULL, 1, 4)"
            )
                == ["3|superuser", "10|superuser", "11|superuser"])
    }

    @Test("writers, maintainers and importers become staff and not superusers")
    func staff() throws {
        #expect(
            try flags(
                """
                INSERT INTO dojo_global_role (user_id, group_id, role_id)
                VALUES (1, NULL, 1), (2, NULL, 2), (3, NULL, 3), (NULL, 1, 2)
                """) == ["1|staff", "2|staff", "3|staff", "10|staff", "11|staff"])
    }

    @Test("readers, and global roles without a role, raise nothing")
    func readers() throws {
        #expect(
            try flags(
                """
                INSERT INTO dojo_global_role (user_id, group_id, role_id)
                VALUES (1, NULL, 5), (2, NULL, NULL), (NULL, 1, 5)
                """) == [])
    }

    @Test("who owns by one way and writes by another becomes both")
    func both() throws {
        #expect(
            try flags(
                """
                INSERT INTO dojo_global_role (user_id, group_id, role_id)
                VALUES (10, NULL, 2), (NULL, 1, 4)
                """) == ["10|superuser staff", "11|superuser"])
    }

    @Test("flags are written in transactions of their own, before any pair")
    func flagsFirst() throws {
        let desk = try desk()
        let before = try DefectDojoState(desk)
        try desk.run("authorized-users", lanes: 2)
        let after = try DefectDojoState(desk)
        let flagged = Set(after.writers.filter { before.writers[$0.key] != $0.value }.values)
        #expect(!flagged.isEmpty)
        let paired = (Array(after.products.values) + Array(after.productTypes.values)).compactMap {
            $0.split(separator: " ").last.map(String.init)
        }
        #expect(flagged.isDisjoint(with: paired))
        #expect(
            try desk.value(
                """
                SELECT max(finished_at) FILTER (WHERE updated > 0)
                  <= min(started_at) FILTER (WHERE created > 0) FROM rollcall.job_part
                """) == "t")
    }

    // MARK: Scope

    @Test("a product's run adds that product's users and touches nothing else")
    func oneProduct() throws {
        let desk = try desk()
        let oracle = try DefectDojoOracle(desk.connection)
        // The one with the most.
        let sizes = Dictionary(grouping: oracle.products { _ in true }, by: \.target)
        let product = try #require(sizes.max { $0.value.count < $1.value.count }?.key)
        let before = try DefectDojoState(desk)
        let ending = try desk.run("authorized-users", ["product_id": product])
        expect(
            DefectDojoVerdict(
                before, try DefectDojoState(desk), oracle, ending, isWhole: false,
                products: { $0 == product }, productTypes: { _ in false }))
        #expect(ending.created > 0)
        #expect(ending.parts == 1)
    }

    @Test("a product type's run adds that type's users, and its products are not touched")
    func oneProductType() throws {
        let desk = try desk()
        let oracle = try DefectDojoOracle(desk.connection)
        for type in [1, 2] {
            let before = try DefectDojoState(desk)
            let ending = try desk.run("authorized-users", ["product_type_id": type])
            expect(
                DefectDojoVerdict(
                    before, try DefectDojoState(desk), oracle, ending, isWhole: false,
                    products: { _ in false }, productTypes: { $0 == type }))
        }
    }

    @Test("both may be given, and what is not there has no users")
    func bothScopes() throws {
        let desk = try desk()
        let oracle = try DefectDojoOracle(desk.connection)
        let before = try DefectDojoState(desk)
        let ending = try desk.run("authorized-users", ["product_id": 5, "product_type_id": 2])
        expect(
            DefectDojoVerdict(
                before, try DefectDojoState(desk), oracle, ending, isWhole: false,
                products: { $0 == 5 }, productTypes: { $0 == 2 }))
        let nothing = try desk.run("authorized-users", ["product_id": 999_999])
        #expect((nothing.state, nothing.written) == ("succeeded", 0))
    }

    @Test("runs for products beside a run for all end as one after the other")
    func overlappingScopes() throws {
        let desk = try desk()
        let oracle = try DefectDojoOracle(desk.connection)
        let before = try DefectDojoState(desk)
        let scopes: [[String: Int]] = [
            [:], ["product_id": 1], ["product_id": 2], ["product_type_id": 1],
        ]
        let messages = try scopes.map { try desk.takeIn("authorized-users", $0) }
        try desk.work(lanes: 4)
        let after = try DefectDojoState(desk)
        #expect(
            Set(after.products.keys) == oracle.products { _ in true }.union(before.products.keys))
        #expect(
            Set(after.productTypes.keys)
                == oracle.productTypes { _ in true }.union(before.productTypes.keys))
        let endings = try messages.map(desk.backfillEnding)
        #expect(endings.allSatisfy { $0.state == "succeeded" })
        // Each row counts for the one that wrote it.
        let rows = after.products.count + after.productTypes.count
        #expect(
            endings.map(\.created).reduce(0, +)
                == rows - before.products.count - before.productTypes.count)
        #expect(try desk.troubles() == [])
    }

    @Test("a product's run reads no table of memberships from end to end")
    func scopedPlans() throws {
        let desk = try desk(1, ["users": 3_000, "products": 2_000, "present": 0])
        try desk.connection.script("ANALYZE")
        let reads = """
            SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables
            WHERE schemaname = 'public' AND relname IN ('dojo_product_member', 'dojo_dojo_group_member',
              'dojo_product_group', 'dojo_product_authorized_users', 'auth_user')
            """
        func count() throws -> String? {
            // On the desk's connection; a lane's own reports when it is closed.
            try desk.connection.script("SELECT pg_stat_force_next_flush()")
            return try desk.value(reads)
        }
        let before = try count()
        let message = try desk.takeIn("authorized-users", ["product_id": 17])
        var isIdle = false
        while !isIdle {
            if case .idle = try desk.backfills.turn(on: desk.connection, onClaim: {}) {
                isIdle = true
            }
        }
        #expect(try desk.backfillEnding(message).created > 0)
        #expect(try count() == before)
    }

    // MARK: Relations

    @Test("users are authorised and not any more, by id or by name")
    func relations() throws {
        let desk = try desk(1, ["users": 12, "products": 3, "present": 0])
        for (relation, column) in [
            ("product-authorized-user", "product_id"),
            ("product-type-authorized-user", "product_type_id"),
        ] {
            let table = "dojo_\(column.dropLast(3))_authorized_users"
            let members = #"1,{"username":"user2"},99,{"username":"nobody"}"#
            let first = try desk.run(try desk.assign(relation, 2, members))
            #expect(first.counts == ["created": 2, "rejected": 2])
            #expect(first.codes == [3: "unknown-dojo_user", 4: "unknown-username"])
            #expect(
                try desk.run(try desk.assign(relation, 2, "1,2")).counts == ["unchanged": 2])
            #expect(
                try desk.rows("SELECT \(column), dojo_user_id FROM \(table) ORDER BY 2")
                    == ["2|1", "2|2"])
            #expect(
                try desk.run(try desk.unassign(relation, 2, #"{"username":"user1"},5"#)).counts
                    == ["removed": 1, "absent": 1])
            #expect(
                try desk.rows("SELECT \(column), dojo_user_id FROM \(table)") == ["2|2"])
            #expect(
                try desk.run(try desk.assign(relation, 999, "1")).codes
                    == [1: "unknown-\(column.dropLast(3))"])
        }
    }
}
