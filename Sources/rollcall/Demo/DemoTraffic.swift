import Jobs
import Sandbox

/// The messages of the demo, and what must be true once all of them are done.
///
/// The expectation is worked out message by message, as if each were executed alone in its turn.
struct DemoTraffic {
    /// A message to produce.
    struct Message {
        let key: String
        let value: String
    }

    /// A row of `school.enrollment`.
    struct Seat: Hashable {
        let course: Int
        let user: Int
    }

    private(set) var messages: [Message] = []
    /// Who takes which course in the end, and as what.
    private(set) var seats: [Seat: String] = [:]
    private(set) var jobs = 0
    private(set) var items = 0
    private(set) var rejectedItems = 0
    private(set) var failedJobs = 0
    /// Messages that can be no job.
    private(set) var badMessages = 0
    /// Deliveries of a job that was sent before.
    private(set) var duplicates = 0
    /// A job with several rejected items, to be shown.
    private(set) var showcase: JobID?

    private let school: School.Size
    private var random: SeededGenerator
    private var clock: Int64
    /// The last seats that were taken.
    private var recentSeats: [Seat] = []
    /// The last messages that are jobs.
    private var recentJobs: [Message] = []

    /// Makes the traffic of a busy hour.
    ///
    /// - Parameters:
    ///   - count: how many messages.
    ///   - now: Unix time in milliseconds.
    init(count: Int, school: School.Size, seed: UInt64, now: Int64) {
        self.school = school
        random = SeededGenerator(seed: seed)
        clock = now
        while messages.count < count {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<66: assign()
            case 66..<88: unassign()
            case 88..<98: sendAgain()
            case 98: assignAtomically()
            default: sendNonsense()
            }
        }
    }

    // MARK: Jobs

    private mutating func assign() {
        let course = randomCourse()
        let role =
            ["student", "student", "student", "ta"].randomElement(using: &random) ?? "student"
        var members: [String] = []
        var rejected = 0
        for _ in 0..<Int.random(in: 1...19, using: &random) {
            switch Int.random(in: 0..<200, using: &random) {
            case 0:
                members.append(String(school.users + Int.random(in: 1...999, using: &random)))
                rejected += 1
            case 1:
                members.append(
                    "\"\(["n/a", "Łukasz", "user 17"].randomElement(using: &random) ?? "")\"")
                rejected += 1
            default:
                let user = randomUser()
                // Some producers send every value as a string.
                let text = Bool.random(using: &random) ? "\(user)" : "\"\(user)\""
                members.append(text)
                if School.isClosed(course: course) {
                    rejected += 1
                } else {
                    seats[Seat(course: course, user: user)] = role
                    recentSeats.append(Seat(course: course, user: user))
                    if recentSeats.count > 200 { recentSeats.removeFirst(100) }
                }
            }
        }
        rejectedItems += rejected
        let id = send(
            "assign", course,
            "\"members\":[\(members.joined(separator: ","))],\"attributes\":{\"role\":\"\(role)\"}",
            items: members.count)
        if rejected >= 2, showcase == nil, !School.isClosed(course: course) { showcase = id }
    }

    private mutating func unassign() {
        // Half of them take the course, as far as anybody does; the others are absent.
        let taken = recentSeats.randomElement(using: &random)
        let course = taken?.course ?? randomCourse()
        let takers = recentSeats.filter { $0.course == course }.map(\.user)
        let strangers = (0..<Int.random(in: 1...4, using: &random)).map { _ in randomUser() }
        let users = takers.prefix(5) + strangers
        for user in users { seats[Seat(course: course, user: user)] = nil }
        send(
            "unassign", course,
            "\"members\":[\(users.map(String.init).joined(separator: ","))]", items: users.count)
    }

    /// An atomic job with one unknown user among its members: nothing of it is written.
    private mutating func assignAtomically() {
        let users = (0..<5).map { _ in randomUser() } + [school.users + 1]
        failedJobs += 1
        rejectedItems += users.count
        send(
            "assign", randomCourse(),
            "\"mode\":\"atomic\",\"members\":[\(users.map(String.init).joined(separator: ","))]",
            items: users.count)
    }

    // MARK: What goes wrong

    /// The same message again, as a producer sends it that did not see the first one acknowledged.
    private mutating func sendAgain() {
        guard let earlier = recentJobs.randomElement(using: &random) else { return }
        messages.append(earlier)
        duplicates += 1
    }

    private mutating func sendNonsense() {
        let values = [
            "{\"specversion\":\"1.0\",\"id\":\"17\"",
            "<assign course=\"17\"/>",
            "{\"user_id\":1,\"course_id\":2}",
        ]
        badMessages += 1
        messages.append(
            Message(key: "enrollment/\(randomCourse())", value: values[badMessages % values.count]))
    }

    // MARK: Parts

    @discardableResult
    private mutating func send(_ kind: String, _ course: Int, _ data: String, items: Int) -> JobID {
        clock += 1
        let id = JobID.version7(milliseconds: clock)
        jobs += 1
        self.items += items
        let message = Message(
            key: "enrollment/\(course)",
            value: "{\"specversion\":\"1.0\",\"id\":\"\(id)\",\"source\":\"/services/admin\","
                + "\"type\":\"rollcall.\(kind)\",\"time\":\"\(Timestamp(milliseconds: clock))\","
                + "\"data\":{\"relation\":\"enrollment\",\"target\":\(course),\(data)}}")
        messages.append(message)
        recentJobs.append(message)
        if recentJobs.count > 200 { recentJobs.removeFirst(100) }
        return id
    }

    private mutating func randomCourse() -> Int {
        Int.random(in: 1...school.courses, using: &random)
    }

    private mutating func randomUser() -> Int { Int.random(in: 1...school.users, using: &random) }
}
