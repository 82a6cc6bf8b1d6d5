import Jobs
import Sandbox

/// Makes random streams from a seed.
public struct StreamGenerator {
    /// How much of everything.
    public struct Mix: Sendable {
        public var messages = 300
        /// Values that are refused, for any reason.
        public var hasFaults = true
        public var relations = World.Relation.allCases + [.membership]
        /// Whom most items are about.
        public var persons = [1, 1, 1, 2, 2, 3, 4, 5]

        public init(messages: Int) { self.messages = messages }

        /// Jobs that all but undo each other: whoever executes some of them twice leaves a trace.
        public static func contrary(messages: Int) -> Mix {
            var mix = Mix(messages: messages)
            mix.relations = [.seat]
            mix.persons = [1]
            // What is refused is written down under a key: that too would show.
            mix.hasFaults = false
            return mix
        }
    }

    private var random: SeededGenerator
    private var nextID: UInt64
    private let mix: Mix
    private let groups: [JobStream.KeyGroup]
    private var messages: [JobStream.Message] = []

    public static func stream(seed: UInt64, _ mix: Mix) -> JobStream {
        var generator = StreamGenerator(seed: seed, mix)
        return generator.stream()
    }

    private init(seed: UInt64, _ mix: Mix) {
        random = SeededGenerator(seed: seed)
        nextID = 0
        self.mix = mix
        // Two teams a key; the last two keys have one each and none of their own.
        let pairs = stride(from: World.teams.lowerBound, to: World.teams.upperBound - 1, by: 2)
            .map { [$0, $0 + 1] }
        let singles = World.teams.suffix(2).map { [$0] }
        groups = (pairs + singles).enumerated().map { number, teams in
            JobStream.KeyGroup(
                key: teams.count == 1 ? nil : "group/\(number)",
                topic: JobStream.topics[number % JobStream.topics.count],
                partition: Int32(number / JobStream.topics.count) % JobStream.partitions,
                teams: teams)
        }
    }

    private mutating func stream() -> JobStream {
        for _ in 0..<mix.messages {
            let group = Int.random(in: groups.indices, using: &random)
            messages.append(JobStream.Message(group: group, content: content(of: group)))
        }
        return JobStream(groups: groups, messages: messages)
    }

    // MARK: Messages

    private mutating func content(of group: Int) -> JobStream.Message.Content {
        let earlier = messages.suffix(60).filter { $0.group == group }.compactMap(\.job)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8 where !earlier.isEmpty:
            return .job(pick(earlier), isShuffled: chance(2))
        case 8..<11 where !earlier.isEmpty:
            let first = pick(earlier)
            return .job(job(of: group, id: first.id, like: first), isShuffled: false)
        case 11..<15:
            return bad(group)
        case 15:
            return .tombstone
        default:
            return .job(job(of: group, id: freshID(), like: nil), isShuffled: chance(5))
        }
    }

    private mutating func bad(_ group: Int) -> JobStream.Message.Content {
        let id = freshID()
        let head = #"{"specversion":"1.0","id":"\#(id)","source":"/proof","type":"#
        let data = #""data":{"relation":"badge","target":\#(groups[group].teams[0]),"members":[1]"#
        let all: [(String, String)] = [
            ("", "not-json"), ("{", "not-json"), ("[1,", "not-json"), ("\u{1}", "not-json"),
            ("[]", "not-a-cloudevent"), ("{}", "not-a-cloudevent"), ("17", "not-a-cloudevent"),
            (#"{"specversion":"0.3","id":"\#(id)"}"#, "not-a-cloudevent"),
            (head + #""rollcall.asign",\#(data)}}"#, "unknown-type"),
            (
                head + #""rollcall.assign",\#(data.replacing("badge", with: "bagde"))}}"#,
                "unknown-relation"
            ),
            (head + #""rollcall.assign",\#(data),"mode":"sometimes"}}"#, "invalid-data"),
            (head + #""rollcall.assign",\#(data),"dryrun":true}}"#, "invalid-data"),
            (head + #""rollcall.assign","subject":"0",\#(data)}}"#, "subject-mismatch"),
        ]
        let (text, code) = pick(all)
        return .bad(text, code: code)
    }

    // MARK: Jobs

    private mutating func freshID() -> JobID {
        nextID += 1
        let noise = UInt64.random(in: 0...0xFFF, using: &random)
        return JobID(high: 0x0197_0000_0000_7000 | noise, low: 0x8000_0000_0000_0000 | nextID)
    }

    /// - Parameter first: the job whose id it takes; its content is another.
    private mutating func job(of group: Int, id: JobID, like first: PlannedJob?) -> PlannedJob {
        let teams = groups[group].teams
        // Without a key the relation is a part of the order.
        let relation = groups[group].key == nil ? first?.relation : nil
        var job = PlannedJob(
            id: id, isAssign: Int.random(in: 0..<10, using: &random) < 6,
            relation: relation ?? pick(mix.relations),
            teams: pick(teams.count == 1 ? [teams] : [teams, [teams[0]], [teams[1]], [teams[0]]]),
            entries: [])
        if teams.count > 1, chance(12) {
            job.teams.append(mix.hasFaults ? pick([teams[0], World.unknownTeam]) : teams[0])
        }
        job.entries = (0..<Int.random(in: 0...5, using: &random)).map { _ in entry(of: job) }
        if job.isAssign, !job.relation.attributes.isEmpty, chance(3) { job.common = [saying(job)] }
        if chance(6) {
            job.isExact = job.isAssign
            job.removesAll = !job.isAssign
            if job.removesAll { job.entries = [] }
        }
        job.isAtomic = chance(5)
        job.isDryRun = chance(25)
        if job.isAssign, !job.relation.attributes.isEmpty, chance(6) {
            job.onConflict = pick(["ignore", "update"])
        }
        // A conflicting id is one whose content differs.
        while let first, first == job {
            job.removesAll = false
            job.entries.append(
                PlannedJob.Entry(member: .number(World.persons.lowerBound), sayings: []))
        }
        return job
    }

    private mutating func entry(of job: PlannedJob) -> PlannedJob.Entry {
        let member: PlannedJob.Member =
            switch Int.random(in: mix.hasFaults ? 0..<40 : 3..<40, using: &random) {
            case 0: .garbage(pick(["\"x\"", "null", "1.5", "true", "99999999999", "[1]", "\"\""]))
            case 1: .number(World.banned)
            case 2: .text(World.unknownPerson)
            case 3..<10: .text(pick(mix.persons))
            default: .number(pick(mix.persons))
            }
        var entry = PlannedJob.Entry(member: member, sayings: [])
        let names = job.relation.attributes.map(\.name)
        guard !names.isEmpty, job.isAssign || chance(6) else {
            if mix.hasFaults, chance(60) {
                entry.sayings = [PlannedJob.Saying(name: "colour", value: "red")]
            }
            return entry
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let saying = saying(job)
            if !entry.sayings.contains(where: { $0.name == saying.name }) {
                entry.sayings.append(saying)
            }
        }
        return entry
    }

    private mutating func saying(_ job: PlannedJob) -> PlannedJob.Saying {
        let name = pick(job.relation.attributes.map(\.name))
        let isOdd = mix.hasFaults && chance(25)
        let value: String? =
            switch name {
            case "role": isOdd ? pick(["boss", nil]) : pick(["member", "lead", "guest"])
            case "note":
                isOdd ? String(repeating: "long ", count: 5) : pick(["a", "b", "none", nil])
            case "weight": isOdd ? "heavy" : pick(["1", "2", nil])
            default:
                isOdd ? "1e1" : mix.hasFaults && chance(15) ? World.poison : pick(["1", "2", "3"])
            }
        return PlannedJob.Saying(name: name, value: value)
    }

    // MARK: Chance

    /// True once in so many times.
    private mutating func chance(_ times: Int) -> Bool {
        Int.random(in: 0..<times, using: &random) == 0
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }
}
