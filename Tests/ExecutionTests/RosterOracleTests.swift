import Foundation
import Jobs
import Postgres
import Sandbox
import Testing

@testable import Execution

/// Imports end as if their rows had been applied one by one.
@Suite struct RosterOracleTests {
    @Test("random files end as the naive model does")
    func againstTheModel() throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = environment["ROLLCALL_ROUNDS"].flatMap { Int($0) } ?? 40
        let seed =
            environment["ROLLCALL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: .min ... .max)
        print("roster oracle: seed \(seed), \(rounds) rounds")
        var generator = SeededGenerator(seed: seed)
        let desk = try RosterSchool.desk(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION ''no''; END';
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON person FOR EACH ROW
            WHEN (NEW.full_name = 'bad') EXECUTE FUNCTION refuse();
            CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON seat FOR EACH ROW
            WHEN (NEW.role = 'ta' AND NEW.course_id = 2) EXECUTE FUNCTION refuse()
            """)
        var model = RosterModel()
        for round in 0..<rounds {
            let file = RosterModel.File.random(&generator)
            let counts = model.apply(file)
            let id = desk.freshID()
            for part in try desk.parts("people", file.pieces, file.fields, id: id)
                .shuffled(using: &generator)
            {
                try desk.stage(part)
            }
            try desk.run()
            let job = try desk.job(id)
            let people = try desk.rows(
                "SELECT username, full_name, age FROM person ORDER BY username")
            let seats = try desk.seats()
            let isSame =
                job == counts && people == model.peopleLines && seats == model.seatLines
            #expect(
                isSame,
                """
                seed \(seed), round \(round), \(file): expected \(counts), \(model.peopleLines), \
                \(model.seatLines), got \(job ?? "none"), \(people), \(seats)
                """)
            #expect(try desk.discrepancy(of: id) == nil)
            // The first difference says all: both go different ways from there.
            guard isSame else { return }
        }
    }
}

/// People and their seats in memory, changed row by row.
private struct RosterModel {
    struct Row {
        var name: String
        var fullName: String
        var role: String
        var age: String

        var line: String { "\(name),\(fullName),\(role),\(age)\n" }
    }

    struct File: CustomStringConvertible {
        var rows: [Row]
        var cuts: Set<Int>
        var course: Int
        var isExact: Bool
        var isAtomic: Bool
        var isDryRun: Bool

        static func random(_ generator: inout SeededGenerator) -> File {
            func any(_ texts: String...) -> String { texts.randomElement(using: &generator) ?? "" }
            let isClean = Int.random(in: 0..<3, using: &generator) == 0
            let rows = (0..<Int.random(in: 0...7, using: &generator)).map { _ in
                Row(
                    name: isClean
                        ? any("a", "b", "c", "d", "e", "f") : any("a", "b", " c", "d", ""),
                    fullName: isClean ? any("", "x", "y") : any("", "x", "bad", "y", "x"),
                    role: isClean ? any("", "student") : any("", "", "ta", "student", "king"),
                    age: isClean ? any("", "7") : any("", "", "7", "8", "x", "-1"))
            }
            return File(
                rows: rows, cuts: Set((1...7).filter { _ in Bool.random(using: &generator) }),
                course: Int.random(in: 1...3, using: &generator),
                isExact: Bool.random(using: &generator),
                isAtomic: Int.random(in: 0..<3, using: &generator) == 0,
                isDryRun: Int.random(in: 0..<5, using: &generator) == 0)
        }

        var pieces: [String] {
            var pieces = ["username,full_name,role,age\n"]
            for (place, row) in rows.enumerated() {
                if cuts.contains(place) { pieces.append("") }
                pieces[pieces.count - 1] += row.line
            }
            return pieces
        }

        var fields: String {
            #""target":\#(course),"exact":\#(isExact),"confirm_removals":true,"dry_run":\#(isDryRun),"mode":"\#(isAtomic ? "atomic" : "partial")""#
        }

        var description: String { "\(pieces) \(fields)" }
    }

    private struct Person {
        var fullName = "nobody"
        var age: String?
    }

    private enum Outcome { case created, updated, unchanged, rejected }

    private var people: [String: Person] = [:]
    /// Roles by course and name.
    private var seats: [Int: [String: String]] = [:]

    var peopleLines: [String] {
        people.sorted { $0.key < $1.key }.map {
            "\($0.key)|\($0.value.fullName)|\($0.value.age ?? "NULL")"
        }
    }

    var seatLines: [String] {
        seats.flatMap { course, roles in roles.map { ($0.key, course, $0.value) } }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)|\($0.1)|\($0.2)" }
    }

    /// - Returns: what is said of the job.
    mutating func apply(_ file: File) -> String {
        let before = self
        var names: Set<String> = []
        let outcomes = file.rows.map { row -> Outcome in
            let isFit = !row.name.isEmpty && row.role != "king"
            // Of those that are wrong by themselves nothing counts.
            guard isFit, names.insert(row.name.trimmingPrefix(" ").description).inserted else {
                return .rejected
            }
            return apply(row, file.course)
        }
        func count(_ outcome: Outcome) -> Int { outcomes.count { $0 == outcome } }
        let rejected = count(.rejected)
        if file.isAtomic, rejected > 0 {
            self = before
            return "failed items \(outcomes.count) rejected \(outcomes.count) item-rejected"
        }
        var removed = 0
        if file.isExact {
            let listed = Set(file.rows.map { $0.name.trimmingPrefix(" ").description })
            let gone = (seats[file.course] ?? [:]).keys.filter { !listed.contains($0) }
            for name in gone { seats[file.course]?[name] = nil }
            removed = gone.count
        }
        if file.isDryRun { self = before }
        let counts = [
            ("created", count(.created)), ("updated", count(.updated)),
            ("unchanged", count(.unchanged)), ("removed", removed), ("rejected", rejected),
        ].filter { $0.1 > 0 }.map { " \($0.0) \($0.1)" }
        return "succeeded\(rejected > 0 ? "_with_rejections" : "") "
            + "items \(outcomes.count + removed)\(counts.joined())"
    }

    private mutating func apply(_ row: Row, _ course: Int) -> Outcome {
        guard row.age != "x", row.age != "-1", row.fullName != "bad" else { return .rejected }
        let name = row.name.trimmingPrefix(" ").description
        var outcome = Outcome.unchanged
        let before = people[name]
        var person = people[name] ?? Person()
        if !row.fullName.isEmpty { person.fullName = row.fullName }
        if !row.age.isEmpty { person.age = row.age }
        if let old = people[name] {
            if (old.fullName, old.age) != (person.fullName, person.age) { outcome = .updated }
        } else {
            outcome = .created
        }
        people[name] = person
        let role = row.role.isEmpty ? "student" : row.role
        let old = seats[course]?[name]
        guard old != role else { return outcome }
        if course == 2, role == "ta" {
            people[name] = before
            return .rejected
        }
        seats[course, default: [:]][name] = role
        if old == nil { return .created }
        return outcome == .created ? .created : .updated
    }
}
