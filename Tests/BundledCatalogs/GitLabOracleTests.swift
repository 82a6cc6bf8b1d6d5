import Sandbox
import Testing

/// Random GitLab jobs end as if each row had been written alone.
@Suite struct GitLabOracleTests {
    @Test("random batches end as one by one, also through a pooler", arguments: [false, true])
    func randomBatches(isPooled: Bool) throws {
        try GitLabRandom.tryOut(
            GitLabOracle(), GitLabSchema.system, views: GitLabOracle.views, isPooled: isPooled)
    }
}

/// Random jobs over the few rows of the small seed.
private struct GitLabRandom: RandomJobs {
    var generator: SeededGenerator

    mutating func batch() -> [RandomJob] {
        let relation = pick([
            "label-link", "merge-request-diff", "merge-request-diff", "merge-head-diff",
            "diff-commit-user",
        ])
        return (0..<pick([1, 1, 2, 4])).map { _ in job(relation) }
    }

    private mutating func job(_ relation: String) -> RandomJob {
        let isAssign = !oneIn(3)
        var job = RandomJob(
            relation: relation, isAssign: isAssign,
            target: relation == "diff-commit-user"
                ? pick(["1", "2"]) : pick(["1", "1", "2", "3", "9"]),
            members: [])
        job.isAtomic = oneIn(4)
        job.removesAll = !isAssign && relation == "label-link" && oneIn(5)
        job.ignores = isAssign && relation == "merge-head-diff" && oneIn(5)
        guard !job.removesAll else { return job }
        let count = relation == "merge-head-diff" ? 1 : pick([1, 1, 2, 3])
        job.members = (0..<count).map { _ in
            switch relation {
            case "label-link":
                [
                    "target_id": .value(pick(["1", "2", "3"])),
                    "target_type": .value(pick(["Issue", "Issue", "Epic"])),
                ]
            case "diff-commit-user": committer()
            default: diff(relation, isAssign)
            }
        }
        return job
    }

    private mutating func committer() -> [String: Said] {
        let name = pick(["Ada", "Ada", "Old", "New", "Newer", String(repeating: "n", count: 513)])
        return [
            "name": .value(name), "email": .value("\(name.prefix(9).lowercased())@example.com"),
        ]
    }

    private mutating func diff(_ relation: String, _ isAssign: Bool) -> [String: Said] {
        let isVersion = relation == "merge-request-diff"
        var item: [String: Said] = [:]
        if isVersion { item["head_commit_sha"] = .value(pick(["aa", "aa", "bb", "cc"])) }
        if !isVersion { item["project_id"] = .value(pick(["1", "1", "2", "9"])) }
        guard isAssign else { return item }
        if isVersion, !oneIn(10) { item["project_id"] = .value(pick(["1", "1", "1", "2", "9"])) }
        if !isVersion, oneIn(2) { item["head_commit_sha"] = .value(pick(["ff", "ff", "ee"])) }
        if oneIn(2) { item["state"] = oneIn(4) ? .null : .value(pick(["collected", "empty"])) }
        if oneIn(3) { item["commits_count"] = .value(pick(["1", "2"])) }
        if oneIn(3) { item["base_commit_sha"] = .value(pick(["00", "01"])) }
        guard isVersion else { return item }
        if !oneIn(4) { item["commits"] = .list((0..<pick([0, 1, 2, 3])).map { _ in commit() }) }
        if oneIn(2) { item["files"] = .list((0..<pick([0, 1, 2])).map { _ in file() }) }
        return item
    }

    private mutating func commit() -> [String: Said] {
        var commit: [String: Said] = [
            "relative_order": .value(pick(["0", "1", "2", "3"])),
            "sha": .value(pick(["aa", "bb", "cc"])),
        ]
        if oneIn(30) { commit["sha"] = .value("nothex") }
        if oneIn(30) { commit["sha"] = nil }
        if oneIn(3) { commit["message"] = .value("m") }
        if oneIn(3) { commit["commit_author_id"] = .value("1") }
        return commit
    }

    private mutating func file() -> [String: Said] {
        let path: Said = .value(pick(["a", "b", "c"]))
        var file: [String: Said] = [
            "relative_order": .value(pick(["0", "1"])), "new_path": path, "old_path": path,
            "a_mode": .value("0"), "b_mode": .value("100644"), "new_file": .value("true"),
            "renamed_file": .value("false"), "deleted_file": .value("false"),
            "too_large": .value("false"),
        ]
        if oneIn(30) { file["new_path"] = nil }
        return file
    }
}
