import Jobs
import Kafka
import Store
import Testing

@testable import rollcall

/// What a job waits for, in the order of what matters.
@Suite struct WhyAnswerTests {
    private static let id = JobID(high: 1, low: 2)
    private static let time = Timestamp(milliseconds: 1_700_000_000_000)

    private func job(
        _ kind: String, _ state: StatusQuery.State, relation: String = "people"
    ) -> StatusQuery.Job {
        StatusQuery.Job(
            id: Self.id, kind: kind, state: state, relation: relation, target: "7",
            source: "/test", mode: "partial", items: 10, requestedAt: Self.time,
            startedAt: Self.time, finishedAt: state.isTerminal ? Self.time : nil,
            readAt: Self.time)
    }

    private func worker(
        _ id: String = "one", silent: Int64 = 100, waitsFor: String? = nil
    ) -> StatusQuery.Worker {
        StatusQuery.Worker(
            id: id, host: "h", version: "1", state: "running", lanes: 4, partitions: 3, inFlight: 0,
            upMilliseconds: 10_000, silentMilliseconds: silent, waitsFor: waitsFor)
    }

    private func pause(_ subject: Control.Subject, _ name: String) -> StatusQuery.Pause {
        StatusQuery.Pause(Control(subject, name), since: Self.time, milliseconds: 300_000)
    }

    private func found(
        _ kind: Job.Kind = .assign, _ entry: String = "enrollment", before: Int64 = 4
    ) -> MessageSearch.Result {
        .found(
            MessageSearch.Found(
                place: TopicPartition(topic: "jobs", partition: 3), offset: 88, before: before,
                kind: kind, entry: entry), lag: 12)
    }

    private func answer(_ change: (inout WhyAnswer.Facts) -> Void) -> WhyAnswer {
        var facts = WhyAnswer.Facts(id: Self.id)
        facts.workers = [worker()]
        facts.partTimeoutMilliseconds = 3_600_000
        change(&facts)
        return WhyAnswer(facts: facts)
    }

    @Test("what has ended says how, and nothing else")
    func ended() {
        let failed = answer { facts in
            var job = job("assign", .failed)
            job.error = Jobs.Rejection(code: "timeout", message: "too slow")
            facts.job = job
            facts.workers = []
            facts.pauses = [pause(.kind, "assign")]
        }
        #expect(failed.reasons.map(\.text) == ["it has failed: timeout: too slow"])
        #expect(failed.reasons[0].remedy?.hasSuffix("rollcall retry \(Self.id)") == true)
        let states = StatusQuery.State.allCases.filter(\.isTerminal)
        for state in states {
            #expect(
                answer { $0.job = job("assign", state) }.reasons.map(\.code) == ["ended"])
        }
    }

    @Test("a dead letter is no job any more")
    func letter() {
        let answer = answer { $0.letter = Jobs.Rejection(code: "not-json", message: "no") }
        #expect(answer.state == "dead-letter")
        #expect(answer.reasons.map(\.code) == ["dead-letter"])
        #expect(!answer.isUnknown)
    }

    @Test("of what is paused only that is told which the job waits for")
    func pauses() {
        let all = [
            pause(.topic, "jobs"), pause(.topic, "other"), pause(.kind, "assign"),
            pause(.kind, "unassign"), pause(.relation, "enrollment"), pause(.relation, "badge"),
            pause(.backfill, "enrollment"), pause(.job, "\(Self.id)"),
        ]
        func paused(_ change: (inout WhyAnswer.Facts) -> Void) -> [String] {
            answer {
                $0.pauses = all
                change(&$0)
            }.reasons.filter { $0.code == "paused" }.map {
                String($0.text.prefix { $0 != "," }).replacing(
                    " is paused since 2023-11-14 22:13:20 UTC", with: "")
            }
        }
        #expect(
            paused { $0.message = found() } == ["topic jobs", "kind assign", "relation enrollment"])
        #expect(
            paused { $0.message = found(.unassign, "seat") } == ["topic jobs", "kind unassign"])
        #expect(paused { $0.message = .unknown(why: "away") }.count == 6)
        #expect(
            paused {
                $0.job = job("backfill", .running, relation: "enrollment")
                $0.work = StatusQuery.Work()
            } == ["backfill enrollment", "job \(Self.id)"])
        #expect(
            paused { facts in
                facts.job = job("roster-import", .running)
                facts.work = StatusQuery.Work()
                facts.work?.name = "roster/people"
                facts.work?.relations = ["badge"]
            } == ["relation badge", "job \(Self.id)"])
    }

    @Test("what matters most stands first, and each says what to do")
    func order() {
        let answer = answer { facts in
            facts.job = job("roster-import", .waiting)
            facts.workers = [worker(silent: 60_000), worker("two", silent: 50_000)]
            facts.pauses = [pause(.job, "\(Self.id)")]
            facts.locks = [
                StatusQuery.LockWait(
                    worker: "one", table: "school.seat", statement: "INSERT INTO",
                    milliseconds: 5_000,
                    holder: 17, holderName: "psql", holderUser: "ada",
                    holderState: "idle in transaction", heldMilliseconds: 120_000)
            ]
            var work = StatusQuery.Work()
            work.messages = .init(
                total: 5, here: 3, missing: "2, 4", silentMilliseconds: 600_000)
            work.behind = JobID(high: 7, low: 7)
            work.waitsFor = "the table is gone"
            work.dueMilliseconds = 4_000
            work.tries = 3
            work.retried = .init(
                step: 2, number: 9, attempts: 4,
                reason: Jobs.Rejection(code: "40P01", message: "deadlock"), dueMilliseconds: -5)
            work.retriedParts = 3
            facts.work = work
        }
        #expect(
            answer.reasons.map(\.code) == [
                "no-worker", "paused", "lock", "missing-parts", "queued", "retry", "retry",
            ])
        #expect(answer.reasons.allSatisfy { $0.remedy != nil })
        let texts = answer.reasons.map(\.text)
        #expect(texts[0] == "no worker is alive: two was seen last, 50s ago")
        #expect(
            texts[2]
                == "one has waited 5s for a lock on school.seat (INSERT INTO), held by psql (pid 17, "
                + "user ada, idle in transaction, its transaction is 2m old)")
        #expect(
            texts[3]
                == "2 of the 5 parts of the import have not come: part 2, 4; it fails in 50m unless "
                + "another one comes")
        #expect(texts[5] == "it is tried again in 4.0s, after 3 attempts: the table is gone")
        #expect(
            texts[6]
                == "part 9 of step 2 is tried again now, after 4 attempts, and 2 parts more: 40P01: "
                + "deadlock")
    }

    @Test("a job that no worker has read is found, or not, or nobody knows")
    func unread() {
        let next = answer { $0.message = found(before: 0) }
        #expect(next.state == "unread")
        #expect(!next.isUnknown)
        #expect(
            next.reasons.map(\.text) == [
                "no worker has done it yet: it stands at jobs[3] @ 88, the next of its partition; "
                    + "1 worker alive"
            ])
        let none = answer { $0.message = .absent(lag: 1) }
        #expect(none.isUnknown)
        #expect(none.reasons.map(\.code) == ["unknown"])
        #expect(none.reasons[0].text.contains("the job topics have 1 message that is not done"))
        let away = answer { $0.message = .unknown(why: "Kafka does not answer") }
        #expect(away.isUnknown)
        #expect(away.reasons[0].text.contains("is not known: Kafka does not answer"))
    }

    @Test("what nothing holds up goes on")
    func running() {
        let answer = answer { $0.job = job("backfill", .running) }
        #expect(answer.reasons.map(\.code) == ["running"])
        let waits = self.answer {
            $0.job = job("backfill", .running)
            $0.workers = [worker(waitsFor: "people: the table is gone")]
        }
        #expect(waits.reasons.map(\.code) == ["worker-waits"])
    }
}
