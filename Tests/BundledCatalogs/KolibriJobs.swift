import Sandbox

/// Random jobs over a seed.
struct KolibriJobs {
    private typealias Member = KolibriJob.Member

    let seed: KolibriSeed
    private(set) var generator: SeededGenerator

    init(seed: KolibriSeed, generator: SeededGenerator) {
        self.seed = seed
        self.generator = generator
    }

    /// - Parameter number: the facility whose collections are targets; nil for any.
    mutating func next(of table: KolibriOracle.Kind, facility number: Int?) -> KolibriJob {
        let facility = seed.facilities[number ?? below(seed.facilities.count)]
        let isAssign = below(10) < 6
        let sweeps = below(6) == 0
        var targets = [target(table, facility, isReal: sweeps)]
        while !sweeps, below(3) == 0 { targets.append(target(table, facility, isReal: false)) }
        var members = (0..<below(5)).map { _ in
            member(table, facility, isAssign: isAssign, saysAll: isAssign && sweeps)
        }
        if sweeps, !isAssign { members = [] }
        return KolibriJob(
            table: table, isAssign: isAssign, targets: targets, members: members,
            isAtomic: below(5) == 0, sweeps: sweeps)
    }

    private mutating func target(
        _ table: KolibriOracle.Kind, _ facility: KolibriSeed.Facility, isReal: Bool
    ) -> String {
        let classroom = pick(facility.classes)
        switch below(20) {
        case 0 where !isReal: return Self.nobody
        case 1 where !isReal: return "x"
        case 2..<8: return table == .role || below(4) == 0 ? facility.id : classroom.id
        case 8..<14: return classroom.id
        default: return table == .membership || below(4) == 0 ? pick(classroom.groups) : facility.id
        }
    }

    private mutating func member(
        _ table: KolibriOracle.Kind, _ facility: KolibriSeed.Facility, isAssign: Bool, saysAll: Bool
    ) -> Member {
        let others = seed.facilities.filter { $0.id != facility.id }
        let user: String
        switch below(24) {
        case 0: user = Self.nobody
        case 1: user = "x"
        case 2 where !others.isEmpty: user = pick(pick(others).users)
        default: user = pick(facility.users)
        }
        guard table == .role else { return Member(user: user) }
        let saysKind = isAssign ? saysAll || below(20) > 0 : below(2) == 0
        guard saysKind else { return Member(user: user) }
        let kind = pick([
            "coach", "coach", "coach", "coach", "admin", KolibriOracle.assignableCoach,
            below(3) == 0 ? "learner" : "coach",
            below(3) == 0 ? String(repeating: "k", count: 27) : "admin",
        ])
        return Member(user: user, kind: kind)
    }

    static let nobody = "00000000-0000-4000-8000-000000000000"

    mutating func below(_ end: Int) -> Int { Int.random(in: 0..<end, using: &generator) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
