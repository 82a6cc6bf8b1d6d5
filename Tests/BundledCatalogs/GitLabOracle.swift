import Postgres

/// What GitLab's bulk inserts leave, a row at a time.
struct GitLabOracle: NaiveSystem {
    static let views = [
        """
        SELECT label_id, target_id, target_type, count(*) FROM label_links
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """,
        """
        SELECT merge_request_id, head_commit_sha, diff_type, base_commit_sha, project_id, state,
          commits_count, external_diff_store, sorted, updated_at > '2026-02-01'
        FROM merge_request_diffs ORDER BY 1, 2, 3
        """,
        """
        SELECT d.merge_request_id, d.head_commit_sha, d.diff_type, c.relative_order, c.sha, c.message,
          c.trailers, c.commit_author_id
        FROM merge_request_diff_commits c JOIN merge_request_diffs d ON d.id = c.merge_request_diff_id
        ORDER BY 1, 2, 3, 4
        """,
        """
        SELECT d.merge_request_id, d.head_commit_sha, d.diff_type, f.relative_order, f.new_path,
          f.new_file, f.encoded_file_path
        FROM merge_request_diff_files f JOIN merge_request_diffs d ON d.id = f.merge_request_diff_id
        ORDER BY 1, 2, 3, 4
        """,
        """
        SELECT organization_id, name, email FROM merge_request_diff_commit_users ORDER BY 2, 3, 1
        """,
    ]

    static let diffColumns = ["base_commit_sha", "project_id", "state", "commits_count"]

    func unit(_ item: [String: Said], of job: RandomJob) -> [String] {
        switch job.relation {
        case "label-link": ["\(job.target)/\(text(item, "target_id"))/\(text(item, "target_type"))"]
        case "merge-request-diff": ["\(job.target)/\(text(item, "head_commit_sha"))"]
        case "merge-head-diff": [job.target]
        default: [text(item, "name")]
        }
    }

    func everything(of job: RandomJob, on connection: Connection) throws -> [[String: Said]] {
        // A row for each, duplicates too.
        let rows = try connection.execute(
            """
            SELECT target_id, target_type FROM label_links
            WHERE label_id = \(job.target) GROUP BY 1, 2 ORDER BY 1, 2
            """)
        return (0..<rows.count).map { row in
            [
                "target_id": .value(rows.string(row, 0)),
                "target_type": .value(rows.string(row, 1)),
            ]
        }
    }

    func execute(
        _ item: [String: Said], of job: RandomJob, on connection: Connection
    ) throws -> NaiveOutcome {
        let base = Base(connection: connection)
        switch job.relation {
        case "label-link": return try label(item, job, base)
        case "merge-request-diff": return try version(item, job, base)
        case "merge-head-diff": return try mergeHead(item, job, base)
        default: return try committer(item, job, base)
        }
    }

    private func label(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        let row = """
            label_links WHERE label_id = \(job.target) AND target_id = \(text(item, "target_id"))
            AND target_type = '\(text(item, "target_type"))'
            """
        guard job.isAssign else {
            return try base.run("DELETE FROM \(row)") > 0 ? .removed : .absent
        }
        guard try base.has("labels WHERE id = \(job.target)") else {
            return .rejected(["unknown-label"])
        }
        if try base.has(row) { return .unchanged }
        try base.run(
            """
            INSERT INTO label_links (label_id, target_id, target_type, created_at, updated_at)
            VALUES (\(job.target), \(text(item, "target_id")), '\(text(item, "target_type"))',
              timezone('UTC', now()), timezone('UTC', now()))
            """)
        return .created
    }

    // MARK: Merge requests

    private func diffFaults(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> Set<String> {
        var codes: Set<String> = []
        if try !base.has("merge_requests WHERE id = \(job.target)") {
            codes.insert("unknown-merge_request")
        }
        guard case .value(let project) = item["project_id"] else {
            return codes.union(["check_11c5f029ad"])
        }
        if try !base.has("projects WHERE id = \(project)") { codes.insert("unknown-project") }
        return codes
    }

    private func insert(
        _ item: [String: Said], _ job: RandomJob, head: String, type: Int, _ base: Base
    ) throws {
        let said = Self.diffColumns.filter { item[$0] != nil }
        let columns =
            ["merge_request_id", "head_commit_sha", "diff_type", "created_at", "updated_at"] + said
        let values =
            [job.target, head, "\(type)", "timezone('UTC', now())", "timezone('UTC', now())"]
            + said.compactMap { item[$0]?.sql }
        try base.run(
            """
            INSERT INTO merge_request_diffs (\(columns.joined(separator: ", ")))
            VALUES (\(values.joined(separator: ", ")))
            """)
    }

    private func version(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        let head = quoteLiteral(text(item, "head_commit_sha"))
        let row =
            "merge_request_diffs WHERE merge_request_id = \(job.target) AND head_commit_sha = \(head)"
        guard job.isAssign else {
            return try base.run("DELETE FROM \(row)") > 0 ? .removed : .absent
        }
        var codes = try diffFaults(item, job, base)
        let commits = children("commits", item)
        let files = children("files", item)
        for commit in commits where commit["sha"] == .value("nothex") {
            codes.insert("invalid-value")
        }
        for commit in commits where commit["sha"] == nil { codes.insert("missing-value") }
        for file in files where file["new_path"] == nil { codes.insert("missing-value") }
        guard codes.isEmpty else { return .rejected(codes) }
        let isThere = try base.has("\(row) AND diff_type = 1")
        if !isThere { try insert(item, job, head: head, type: 1, base) }
        let id = try base.ids("\(row) AND diff_type = 1")[0]
        var written = 0
        for commit in commits {
            let author = commit["commit_author_id"]?.sql ?? "NULL"
            written += try base.run(
                """
                INSERT INTO merge_request_diff_commits
                  (merge_request_diff_id, relative_order, sha, message, commit_author_id)
                VALUES (\(id), \(text(commit, "relative_order")),
                  decode('\(text(commit, "sha"))', 'hex'), \(commit["message"]?.sql ?? "NULL"), \(author))
                ON CONFLICT DO NOTHING
                """)
        }
        for file in files {
            written += try base.run(
                """
                INSERT INTO merge_request_diff_files
                  (merge_request_diff_id, relative_order, new_file, renamed_file, deleted_file,
                   too_large, a_mode, b_mode, new_path, old_path)
                VALUES (\(id), \(text(file, "relative_order")), true, false, false, false, '0',
                  '100644', '\(text(file, "new_path"))', '\(text(file, "new_path"))')
                ON CONFLICT DO NOTHING
                """)
        }
        return !isThere ? .created : written > 0 ? .updated : .unchanged
    }

    private func mergeHead(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        let row = "merge_request_id = \(job.target) AND diff_type = 2"
        guard job.isAssign else {
            let count = try base.run(
                "DELETE FROM merge_request_diffs WHERE \(row) AND project_id = \(text(item, "project_id"))"
            )
            return count > 0 ? .removed : .absent
        }
        let codes = try diffFaults(item, job, base)
        guard codes.isEmpty else { return .rejected(codes) }
        guard try base.has("merge_request_diffs WHERE \(row)") else {
            try insert(item, job, head: item["head_commit_sha"]?.sql ?? "NULL", type: 2, base)
            return .created
        }
        let said = ["head_commit_sha", "base_commit_sha", "state", "commits_count"]
            .filter { item[$0] != nil }
        let outcome = try base.update("merge_request_diffs", said, item, row, job)
        guard outcome == .updated else { return outcome }
        let id = try base.ids("merge_request_diffs WHERE \(row)")[0]
        try base.run(
            "UPDATE merge_request_diffs SET updated_at = timezone('UTC', now()) WHERE id = \(id)")
        try base.run("DELETE FROM merge_request_diff_commits WHERE merge_request_diff_id = \(id)")
        try base.run("DELETE FROM merge_request_diff_files WHERE merge_request_diff_id = \(id)")
        return .updated
    }

    private func committer(
        _ item: [String: Said], _ job: RandomJob, _ base: Base
    ) throws -> NaiveOutcome {
        let person =
            "name = \(item["name"]?.sql ?? "NULL") AND email = \(item["email"]?.sql ?? "NULL")"
        let row = "merge_request_diff_commit_users WHERE \(person)"
        let own = "\(row) AND organization_id = \(job.target)"
        guard job.isAssign else {
            return try base.run("DELETE FROM \(own)") > 0 ? .removed : .absent
        }
        if text(item, "name").count > 512 { return .rejected(["check_147358fc42"]) }
        if try base.has(own) { return .unchanged }
        if try base.has(row) {
            return .rejected(["index_merge_request_diff_commit_users_on_name_and_email"])
        }
        try base.run(
            """
            INSERT INTO merge_request_diff_commit_users (organization_id, name, email)
            VALUES (\(job.target), \(item["name"]?.sql ?? "NULL"), \(item["email"]?.sql ?? "NULL"))
            """)
        return .created
    }

    private func children(_ name: String, _ item: [String: Said]) -> [[String: Said]] {
        if case .list(let list) = item[name] { list } else { [] }
    }
}
