import Sandbox
import Testing

/// Random TeleBand jobs end as TeleBand itself would have done them, one by one.
@Suite struct TelebandOracleTests {
    @Test("random batches end as one by one, also through a pooler", arguments: [false, true])
    func randomBatches(isPooled: Bool) throws {
        try TelebandRandom.tryOut(
            TelebandOracle(), TelebandSchema.system, views: TelebandOracle.views, isPooled: isPooled
        )
    }
}

/// Random jobs over the few rows of the small seed.
private struct TelebandRandom: RandomJobs {
    var generator: SeededGenerator

    mutating func batch() -> [RandomJob] {
        let relation = pick([
            "course-assignment", "course-assignment", "enrollment", "assignment-group",
        ])
        return (0..<pick([1, 1, 2, 4])).map { _ in job(relation) }
    }

    private mutating func job(_ relation: String) -> RandomJob {
        let isAssign = relation == "assignment-group" ? !oneIn(4) : !oneIn(3)
        var job = RandomJob(
            relation: relation, isAssign: isAssign,
            target: pick(["1", "1", "1", "2", "2", "3", "9"]),
            members: [])
        job.isAtomic = oneIn(4)
        job.removesAll = !isAssign && relation != "assignment-group" && oneIn(5)
        job.ignores = isAssign && relation != "assignment-group" && oneIn(5)
        guard !job.removesAll else { return job }
        job.members = (0..<pick([1, 1, 2, 3])).map { _ in
            switch relation {
            case "course-assignment": piece(isAssign)
            case "enrollment": student(isAssign)
            default: group(isAssign)
            }
        }
        return job
    }

    private mutating func piece(_ isAssign: Bool) -> [String: Said] {
        var item: [String: Said] = ["piece_id": id(pick([1, 1, 2, 3, 4, 9]))]
        if isAssign ? !oneIn(10) : oneIn(2) { item["activity_id"] = id(pick([1, 1, 2, 3, 4, 9])) }
        guard isAssign || oneIn(4) else { return item }
        if oneIn(2) { item["piece_plan_id"] = oneIn(4) ? .null : id(pick([1, 2, 3, 3, 9])) }
        if oneIn(2) { item["instrument_id"] = oneIn(4) ? .null : id(pick([1, 2, 3, 3, 9])) }
        if oneIn(3) {
            item["deadline"] = oneIn(3) ? .null : .value(pick(["2026-12-01", "2027-01-01"]))
        }
        return item
    }

    private mutating func student(_ isAssign: Bool) -> [String: Said] {
        let user = pick([1, 2, 3, 4, 5, 6, 7, 8, 99])
        var item: [String: Said] =
            oneIn(3) ? ["username": .value("user\(user)")] : ["user_id": id(user)]
        guard isAssign else { return item }
        if !oneIn(8) { item["role_id"] = id(pick([1, 1, 1, 2, 9])) }
        if oneIn(2) { item["instrument_id"] = oneIn(4) ? .null : id(pick([1, 2, 3, 3, 9])) }
        return item
    }

    private mutating func group(_ isAssign: Bool) -> [String: Said] {
        var item: [String: Said] = ["draw": .value(pick(["a", "a", "b", "c", "d"]))]
        guard isAssign else { return item }
        if oneIn(2) { item["type"] = oneIn(4) ? .null : .value("telephone_fixed") }
        guard !oneIn(8) else { return item }
        let course = pick([1, 1, 2])
        item["group_assignments"] = .list(
            (0..<pick([0, 1, 2, 2, 3])).map { _ in
                let isOther = oneIn(10)
                var child: [String: Said] = [
                    "enrollment_id": id(course == 1 ? pick([1, 2, 3, 4]) : pick([5, 6, 7])),
                    "course_assignment_id": id(
                        (course == 1) != isOther ? pick([1, 2, 3, 4]) : pick([5, 6])),
                ]
                if oneIn(20) { child["enrollment_id"] = id(999) }
                if oneIn(40) { child["course_assignment_id"] = nil }
                return child
            })
        return item
    }

    private func id(_ number: Int) -> Said { .value("\(number)") }
}
