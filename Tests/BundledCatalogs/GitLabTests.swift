import Catalog
import Jobs
import Testing

@testable import Execution

/// What the GitLab catalog does, sentence by sentence.
@Suite struct GitLabTests {
    private let desk: SystemDesk

    init() throws { desk = try SystemDesk(GitLabSchema.system) }

    @Test("the catalog fits the tables")
    func fits() throws {
        let (plans, _, findings) = try SystemDesk.compile(
            SystemDesk.catalog("gitlab.yaml"), on: desk.connection)
        #expect(findings.filter { $0.level == .error }.isEmpty)
        #expect(
            plans.keys.sorted() == [
                "diff-commit-user", "label-link", "merge-head-diff", "merge-request-diff",
            ])
        // Other writers can still make duplicates of what no index keeps apart.
        #expect(findings.contains { $0.level == .warning && $0.relation == "label-link" })
    }

    // MARK: Labels

    private func links(_ label: Int) throws -> [String] {
        try desk.rows(
            """
            SELECT target_type, target_id, count(*) FROM label_links WHERE label_id = \(label)
            GROUP BY 1, 2 ORDER BY 1, 2
            """)
    }

    @Test("a label is put on a thing once, though no unique index says so")
    func labelOnce() throws {
        let members = """
            {"target_id":1,"target_type":"Issue"},{"target_id":7,"target_type":"Issue"},\
            {"target_id":7,"target_type":"Issue"},{"target_id":7,"target_type":"MergeRequest"}
            """
        let first = try desk.run(try desk.assign("label-link", 1, members))
        #expect(first.counts == ["created": 2, "unchanged": 2])
        #expect(try links(1) == ["Issue|1|2", "Issue|7|1", "MergeRequest|1|1", "MergeRequest|7|1"])
        #expect(
            try desk.value(
                """
                SELECT bool_and(created_at BETWEEN timezone('UTC', now()) - interval '1 minute'
                  AND timezone('UTC', now())) FROM label_links WHERE target_id = 7
                """) == "t")
        let again = try desk.run(try desk.assign("label-link", 1, members))
        #expect(again.counts == ["unchanged": 4])
        #expect(try links(1).count == 4)
    }

    @Test("writers side by side put a label on a thing once")
    func labelSideBySide() throws {
        let system = try SystemDesk(GitLabSchema.system)
        let members = (1...200).map { "{\"target_id\":\($0),\"target_type\":\"Issue\"}" }
            .joined(separator: ",")
        let batches = try (0..<8).map { _ in
            [Batch([Batch.Entry(message: try system.assign("label-link", 3, members), key: 0)])]
        }
        let failures = system.executeSideBySide(batches)
        #expect(failures == [])
        #expect(try system.value("SELECT count(*) FROM label_links WHERE label_id = 3") == "200")
    }

    @Test("a label is taken off with its duplicates, which count once")
    func labelOff() throws {
        let ending = try desk.run(
            try desk.unassign(
                "label-link", 1,
                #"{"target_id":1,"target_type":"Issue"},{"target_id":5,"target_type":"Issue"}"#))
        #expect(ending.counts == ["removed": 1, "absent": 1])
        #expect(try links(1) == ["MergeRequest|1|1"])
    }

    @Test("an unknown label is refused before anything is written")
    func unknownLabel() throws {
        let ending = try desk.run(
            try desk.assign("label-link", 99, #"{"target_id":1,"target_type":"Issue"}"#))
        #expect(ending.codes == [1: "unknown-label"])
    }

    // MARK: Duplicates

    @Test(
        "duplicates are skipped, or refused where the relation says so", arguments: [true, false])
    func duplicates(refuses: Bool) throws {
        let edited = try SystemDesk(GitLabSchema.system) { text in
            refuses
                ? text.replacing(
                    "    unique: false\n", with: "    unique: false\n    conflict: refuse\n",
                    maxReplacements: 1)
                : text
        }
        let ending = try edited.run(
            try edited.assign(
                "label-link", 2,
                #"{"target_id":2,"target_type":"Issue"},{"target_id":3,"target_type":"Issue"}"#))
        #expect(ending.counts == ["created": 1, refuses ? "rejected" : "unchanged": 1])
        #expect(ending.codes == (refuses ? [1: "already-exists"] : [:]))
    }

    @Test("one bad item leaves nothing of an atomic job")
    func atomic() throws {
        let members = """
            {"head_commit_sha":"cc","project_id":1,"commits":[{"relative_order":0,"sha":"cc"}]},\
            {"head_commit_sha":"dd"}
            """
        let atomic = try desk.run(
            try desk.assign("merge-request-diff", 3, members, #""mode":"atomic""#))
        #expect(atomic.state == "failed")
        #expect(atomic.codes == [1: "not-applied", 2: "check_11c5f029ad"])
        #expect(
            try desk.value("SELECT count(*) FROM merge_request_diffs WHERE merge_request_id = 3")
                == "0")
        let partial = try desk.run(try desk.assign("merge-request-diff", 3, members))
        #expect(partial.counts == ["created": 1, "rejected": 1])
        #expect(try commits(3, "cc") == ["0|\\xcc"])
    }

    /// The index that the job's identity means, where another one covers name and email alone.
    @Test(
        "who commits is found by the index that is named, another one's clash is the item's",
        arguments: [
            nil, "    arbiter: index_merge_request_diff_commit_users_on_org_id_name_email\n",
        ])
    func committers(arbiter: String?) throws {
        let edited = try SystemDesk(GitLabSchema.system) { text in
            text.replacing(
                "    target: organization_id\n",
                with: "    target: organization_id\n" + (arbiter ?? ""))
        }
        let ending = try edited.run(
            try edited.assign(
                "diff-commit-user", 1,
                """
                {"name":"Ada","email":"ada@example.com"},{"name":"Old","email":"old@example.com"},\
                {"name":"Bob","email":"bob@example.com"},{"name":"","email":""}
                """))
        #expect(ending.counts == ["created": 1, "unchanged": 1, "rejected": 2])
        #expect(
            ending.codes == [
                2: "index_merge_request_diff_commit_users_on_name_and_email",
                4: "merge_request_diff_commit_users_name_or_email_existence",
            ])
    }

    @Test(
        "the index of an upsert can be named, and is the partial one",
        arguments: [
            nil, "    arbiter: index_merge_request_diffs_on_unique_merge_request_id\n",
        ])
    func mergeHead(arbiter: String?) throws {
        let edited = try SystemDesk(GitLabSchema.system) { text in
            text.replacing(
                "    identity: [merge_request_id]\n",
                with: "    identity: [merge_request_id]\n" + (arbiter ?? ""))
        }
        let first = try edited.run(
            try edited.assign(
                "merge-head-diff", 1, #"{"project_id":1,"head_commit_sha":"ee","commits_count":7}"#)
        )
        #expect(first.counts == ["updated": 1])
        let rows = """
            SELECT head_commit_sha, diff_type, commits_count, state FROM merge_request_diffs
            WHERE merge_request_id = 1 ORDER BY diff_type
            """
        // The version with the same merge request does not count as the one that is there.
        #expect(try edited.rows(rows) == ["aa|1|NULL|collected", "ee|2|7|collected"])
        #expect(
            try edited.value(
                "SELECT count(*) FROM merge_request_diff_commits WHERE merge_request_diff_id = 2")
                == "0")
        #expect(
            try edited.value(
                "SELECT updated_at > '2026-02-01' FROM merge_request_diffs WHERE id = 2")
                == "t")
        let again = try edited.run(
            try edited.assign(
                "merge-head-diff", 1, #"{"project_id":1,"head_commit_sha":"ee","commits_count":7}"#)
        )
        #expect(again.counts == ["unchanged": 1])
        let ignored = try edited.run(
            try edited.assign(
                "merge-head-diff", 1, #"{"project_id":1,"head_commit_sha":"dd"}"#,
                #""on_conflict":"ignore""#))
        #expect(ignored.counts == ["unchanged": 1])
        let new = try edited.run(
            try edited.assign("merge-head-diff", 3, #"{"project_id":1,"head_commit_sha":"dd"}"#))
        #expect(new.counts == ["created": 1])
        let gone = try edited.run(try edited.unassign("merge-head-diff", 1, "1"))
        #expect(gone.counts == ["removed": 1])
        #expect(try edited.rows(rows) == ["aa|1|NULL|collected"])
        #expect(
            try edited.run(try edited.unassign("merge-head-diff", 1, "1")).counts == ["absent": 1])
    }

    @Test("who is refused by the other index is so though a later job takes them away")
    func refusedAndTakenAway() throws {
        let ada = #"{"name":"Ada","email":"ada@example.com"}"#
        let jobs = [
            try desk.assign("diff-commit-user", 2, ada),
            try desk.unassign("diff-commit-user", 2, ada),
        ]
        try desk.execute(jobs)
        #expect(
            try desk.ending(jobs[0]).codes
                == [1: "index_merge_request_diff_commit_users_on_name_and_email"])
        #expect(try desk.ending(jobs[1]).counts == ["absent": 1])
    }

    @Test("a member that is no part of the identity says which row is meant")
    func otherProject() throws {
        let jobs = [
            try desk.unassign("merge-head-diff", 1, "2"),
            try desk.unassign("merge-head-diff", 1, "1"),
        ]
        try desk.execute(jobs)
        #expect(try desk.ending(jobs[0]).counts == ["absent": 1])
        #expect(try desk.ending(jobs[1]).counts == ["removed": 1])
        #expect(
            try desk.value("SELECT count(*) FROM merge_request_diffs WHERE diff_type = 2") == "1")
    }

    // MARK: Versions

    private func commits(_ mergeRequest: Int, _ head: String) throws -> [String] {
        try desk.rows(
            """
            SELECT c.relative_order, c.sha FROM merge_request_diff_commits c
            JOIN merge_request_diffs d ON d.id = c.merge_request_diff_id
            WHERE d.merge_request_id = \(mergeRequest) AND d.head_commit_sha = '\(head)' ORDER BY 1
            """)
    }

    private static let file = """
        "a_mode":"0","b_mode":"100644","new_file":true,"renamed_file":false,"deleted_file":false,\
        "too_large":false
        """
    private static let version = """
        {"head_commit_sha":"cc","project_id":1,"base_commit_sha":"00","state":"collected",
         "commits":[{"relative_order":0,"sha":"cc","message":"three","trailers":{"Signed-off-by":"Ada"},
                     "authored_date":"2026-11-21 08:00:00"},
                    {"relative_order":1,"sha":"bb"}],
         "files":[{"relative_order":0,"old_path":"a","new_path":"b",\(file)}]}
        """

    @Test("a version is written with its commits and files, and the same again changes nothing")
    func version() throws {
        let first = try desk.run(try desk.assign("merge-request-diff", 3, Self.version))
        #expect(first.counts == ["created": 1])
        #expect(try commits(3, "cc") == ["0|\\xcc", "1|\\xbb"])
        #expect(
            try desk.rows(
                "SELECT message, trailers, authored_date FROM merge_request_diff_commits WHERE message IS NOT NULL"
            )
                == [#"three|{"Signed-off-by": "Ada"}|2026-11-21 08:00:00"#])
        #expect(
            try desk.rows(
                """
                SELECT f.old_path, f.new_path, f.new_file, f.encoded_file_path
                FROM merge_request_diff_files f JOIN merge_request_diffs d ON d.id = f.merge_request_diff_id
                WHERE d.merge_request_id = 3
                """) == ["a|b|t|f"])
        #expect(
            try desk.rows(
                """
                SELECT diff_type, external_diff_store, sorted, created_at IS NOT NULL
                FROM merge_request_diffs WHERE merge_request_id = 3
                """) == ["1|1|f|t"])
        // Parent and children have been written by one transaction.
        #expect(
            try desk.value(
                """
                SELECT count(DISTINCT x) FROM (
                  SELECT xmin::text FROM merge_request_diffs WHERE merge_request_id = 3
                  UNION ALL SELECT c.xmin::text FROM merge_request_diff_commits c
                    JOIN merge_request_diffs d ON d.id = merge_request_diff_id WHERE merge_request_id = 3
                  UNION ALL SELECT f.xmin::text FROM merge_request_diff_files f
                    JOIN merge_request_diffs d ON d.id = merge_request_diff_id WHERE merge_request_id = 3) AS v (x)
                """) == "1")
        let again = try desk.run(try desk.assign("merge-request-diff", 3, Self.version))
        #expect(again.counts == ["unchanged": 1])
        #expect(try commits(3, "cc").count == 2)
    }

    @Test("what a version lacks is added, what it has stays")
    func addedCommits() throws {
        let ending = try desk.run(
            try desk.assign(
                "merge-request-diff", 1,
                """
                {"head_commit_sha":"aa","project_id":1,
                 "commits":[{"relative_order":1,"sha":"ff"},{"relative_order":2,"sha":"ee"}]}
                """))
        #expect(ending.counts == ["updated": 1])
        #expect(try commits(1, "aa") == ["0|\\xaa", "1|\\xaa", "2|\\xee"])
    }

    @Test("a merge-head diff is not the version with the same head")
    func sameHead() throws {
        let ending = try desk.run(
            try desk.assign("merge-request-diff", 2, #"{"head_commit_sha":"ff","project_id":1}"#))
        #expect(ending.counts == ["created": 1])
        #expect(
            try desk.rows(
                "SELECT diff_type FROM merge_request_diffs WHERE head_commit_sha = 'ff' AND merge_request_id = 2 ORDER BY 1"
            )
                == ["1", "2"])
    }

    @Test("a bad child rejects its parent with the reason, before anything is written")
    func badChild() throws {
        let ending = try desk.run(
            try desk.assign(
                "merge-request-diff", 3,
                """
                {"head_commit_sha":"c1","project_id":1,"commits":[{"relative_order":0,"sha":"aa"},
                  {"relative_order":1,"sha":"aa"},{"relative_order":2,"sha":"zz"}]},
                {"head_commit_sha":"c2","project_id":1,"files":[{"relative_order":0}]},
                {"head_commit_sha":"c3","project_id":1,"commits":[{"relative_order":"x","sha":"aa"}]},
                {"head_commit_sha":"c4","project_id":1,"commits":[{"relative_order":0}]},
                {"head_commit_sha":"c5","project_id":1,"commits":[{"relative_order":0,"sha":"aa","shaa":"aa"}]},
                {"head_commit_sha":"c6","project_id":1,"commits":[{"relative_order":0,"sha":"aa"}]}
                """))
        #expect(ending.counts == ["created": 1, "rejected": 5])
        #expect(
            ending.codes == [
                1: "invalid-value", 2: "missing-value", 3: "invalid-value", 4: "missing-value",
                5: "unknown-attribute",
            ])
        #expect(ending.messages[1]?.hasPrefix("commits[3]: sha: expected ") == true)
        #expect(ending.messages[2]?.hasPrefix("files[1]: ") == true)
        for number in 3...5 { #expect(ending.messages[number]?.hasPrefix("commits[1]: ") == true) }
        #expect(
            try desk.rows(
                "SELECT head_commit_sha FROM merge_request_diffs WHERE merge_request_id = 3")
                == ["c6"])
        #expect(try commits(3, "c6") == ["0|\\xaa"])
    }

    @Test("a version goes with its commits and files")
    func removed() throws {
        let ending = try desk.run(try desk.unassign("merge-request-diff", 1, #""aa","zz""#))
        #expect(ending.counts == ["removed": 1, "absent": 1])
        #expect(try commits(1, "aa") == [])
        #expect(try desk.value("SELECT count(*) FROM merge_request_diff_files") == "1")
    }
}
