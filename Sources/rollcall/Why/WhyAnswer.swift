import Jobs
import Kafka
import Store

/// What a job waits for, in sentences, what matters most first.
struct WhyAnswer {
    /// What is known of the job and of all that it could wait for.
    struct Facts {
        let id: JobID
        /// Nil where no worker has written it.
        var job: StatusQuery.Job?
        /// Why its message is a dead letter.
        var letter: Jobs.Rejection?
        var work: StatusQuery.Work?
        var workers: [StatusQuery.Worker] = []
        var pauses: [StatusQuery.Pause] = []
        var locks: [StatusQuery.LockWait] = []
        /// Its message, where there is no row.
        var message: MessageSearch.Result?
        /// How long an import waits for messages.
        var partTimeoutMilliseconds: Int64 = 0
    }

    struct Reason: Equatable {
        let code: String
        let text: String
        /// What to do about it.
        var remedy: String?
    }

    let facts: Facts

    /// One word.
    var state: String {
        facts.job?.state.rawValue ?? (facts.letter == nil ? "unread" : "dead-letter")
    }

    /// There is no such job, as far as anybody can tell.
    var isUnknown: Bool {
        guard facts.job == nil, facts.letter == nil else { return false }
        if case .found = facts.message { return false }
        return true
    }

    var reasons: [Reason] {
        if let job = facts.job, job.state.isTerminal { return [ended(job)] }
        if facts.job == nil, let letter = facts.letter {
            return [
                Reason(
                    code: "dead-letter",
                    text: "its message is a dead letter: \(letter.code): \(letter.message)",
                    remedy: "rollcall dead-letters list --job \(facts.id)")
            ]
        }
        let before = noWorker + paused + locks + troubles + missing + queued + retries
        return before + (facts.job.map { running($0, isHeld: !before.isEmpty) } ?? unread)
    }

    // MARK: The end

    private func ended(_ job: StatusQuery.Job) -> Reason {
        let items = NumberText.counted(job.items, "item")
        switch job.state {
        case .failed:
            let error = job.error.map { ": \($0.code): \($0.message)" } ?? ""
            return Reason(
                code: "ended", text: "it has failed\(error)",
                remedy: "mend what it says, then rollcall retry \(facts.id)")
        case .succeededWithRejections:
            return Reason(
                code: "ended",
                text:
                    "it has succeeded, and \(NumberText.grouped(job.counts.rejected)) of \(items) "
                    + "were rejected",
                remedy: "rollcall status \(facts.id) says why")
        case .cancelled: return Reason(code: "ended", text: "it was cancelled")
        case .succeeded where job.isSkipped:
            return Reason(
                code: "ended",
                text: "it has succeeded without doing anything: its definition has not changed "
                    + "since it last finished",
                remedy: "rollcall enqueue backfill --force does it all the same")
        default: return Reason(code: "ended", text: "it has succeeded: \(items)")
        }
    }

    // MARK: What holds it up

    private var alive: [StatusQuery.Worker] { facts.workers.filter { !$0.isLost } }

    private var noWorker: [Reason] {
        guard alive.isEmpty else { return [] }
        let last = facts.workers.min { $0.silentMilliseconds < $1.silentMilliseconds }
        let seen = last.map {
            ": \($0.id) was seen last, \(TimeText.age($0.silentMilliseconds)) ago"
        }
        return [
            Reason(
                code: "no-worker", text: "no worker is alive\(seen ?? "")",
                remedy: "start one with rollcall worker; its log says what keeps it from starting")
        ]
    }

    private var paused: [Reason] {
        facts.pauses.compactMap { pause in
            let control = pause.control
            let since = "since \(TimeText.date(pause.since)), \(TimeText.age(pause.milliseconds))"
            func reason(_ doubt: String = "") -> Reason {
                Reason(
                    code: "paused", text: "\(control) is paused \(since)\(doubt)",
                    remedy: pause.remedy)
            }
            if let job = facts.job {
                let holds =
                    switch control.subject {
                    case .job: control.name == "\(job.id)"
                    case .kind: control.name == job.kind
                    case .backfill: control.name == (facts.work?.name ?? job.relation)
                    case .relation: facts.work?.relations.contains(control.name) == true
                    // What is still to come of it stands there.
                    case .topic: control.name == job.topic && facts.work?.messages != nil
                    }
                return holds ? reason() : nil
            }
            if case .found(let found, _) = facts.message {
                let holds =
                    switch control.subject {
                    case .topic: control.name == found.place.topic
                    case .kind: control.name == found.kind?.rawValue
                    case .relation: control.name == found.entry
                    case .backfill, .job: false
                    }
                return holds ? reason() : nil
            }
            guard [.topic, .kind, .relation].contains(control.subject) else { return nil }
            return reason("; if it is one of these it waits for that")
        }
    }

    private var locks: [Reason] {
        facts.locks.map { lock in
            let user = lock.holderUser.map { ", user \($0)" } ?? ""
            let state = lock.holderState.map { ", \($0)" } ?? ""
            let since = lock.heldMilliseconds.map {
                ", its transaction is \(TimeText.age($0)) old"
            }
            let table = lock.table.map { " on \($0)" } ?? ""
            return Reason(
                code: "lock",
                text: "\(lock.worker) has waited \(TimeText.age(lock.milliseconds)) for a lock"
                    + "\(table) (\(lock.statement)), held by \(lock.holderName) "
                    + "(pid \(lock.holder)\(user)\(state)\(since ?? ""))",
                remedy: "let that session end its transaction, or end it: SELECT "
                    + "pg_terminate_backend(\(lock.holder))")
        }
    }

    private var troubles: [Reason] {
        alive.compactMap { worker in
            worker.waitsFor.map {
                Reason(
                    code: "worker-waits", text: "worker \(worker.id) waits for \($0)",
                    remedy: "it tries again by itself, as soon as what it names is mended")
            }
        }
    }

    private var missing: [Reason] {
        guard let messages = facts.work?.messages else { return [] }
        let left = facts.partTimeoutMilliseconds - messages.silentMilliseconds
        let which = messages.missing.map { ": part \($0)" } ?? ""
        return [
            Reason(
                code: "missing-parts",
                text:
                    "\(messages.total - messages.here) of the \(messages.total) parts of the import "
                    + "have not come\(which); it fails in \(TimeText.age(left)) unless another one "
                    + "comes",
                remedy: "wait for its sender or send them again under the same id; or rollcall "
                    + "cancel \(facts.id)")
        ]
    }

    private var queued: [Reason] {
        guard let first = facts.work?.behind else { return [] }
        let what =
            facts.job?.kind == Job.Kind.rosterImport.rawValue
            ? "import into the same target" : "backfill for the same scope"
        return [
            Reason(
                code: "queued", text: "another \(what) is before it: job \(first)",
                remedy: "rollcall why \(first)")
        ]
    }

    private var retries: [Reason] {
        guard let work = facts.work else { return [] }
        var reasons: [Reason] = []
        func due(_ milliseconds: Int64) -> String {
            milliseconds > 0 ? "in \(TimeText.took(milliseconds))" : "now"
        }
        if let waitsFor = work.waitsFor {
            let tries = work.tries > 0 ? ", after \(NumberText.counted(work.tries, "attempt"))" : ""
            reasons.append(
                Reason(
                    code: "retry",
                    text:
                        "it is tried again \(due(work.dueMilliseconds ?? 0))\(tries): \(waitsFor)",
                    remedy: "it goes on by itself, as soon as what it names is mended"))
        }
        if let part = work.retried {
            let more =
                work.retriedParts > 1
                ? ", and \(NumberText.counted(work.retriedParts - 1, "part")) more" : ""
            reasons.append(
                Reason(
                    code: "retry",
                    text: "part \(part.number) of step \(part.step) is tried again "
                        + "\(due(part.dueMilliseconds)), after "
                        + "\(NumberText.counted(part.attempts, "attempt"))\(more): "
                        + "\(part.reason.code): \(part.reason.message)",
                    remedy: "rollcall status \(facts.id) --parts shows them all"))
        }
        return reasons
    }

    // MARK: What goes on

    private func running(_ job: StatusQuery.Job, isHeld: Bool) -> [Reason] {
        guard !isHeld else { return [] }
        let (done, total) = job.progress
        let parts = job.parts.map { ", part \($0.done) of \($0.total)" } ?? ""
        return [
            Reason(
                code: "running",
                text: "nothing holds it up: \(NumberText.grouped(done)) of "
                    + "\(NumberText.grouped(total)) are done\(parts)",
                remedy: "rollcall status \(facts.id) --watch")
        ]
    }

    private var unread: [Reason] {
        func lag(_ lag: Int64) -> String {
            "the job topics have \(NumberText.counted(Int(lag), "message")) that "
                + "\(lag == 1 ? "is" : "are") not done"
        }
        let workers = "\(NumberText.counted(alive.count, "worker")) alive"
        switch facts.message {
        case .found(let found, _):
            let place = "\(found.place.topic)[\(found.place.partition)] @ \(found.offset)"
            let before =
                found.before > 0
                ? "behind \(NumberText.counted(Int(found.before), "message")) of its partition"
                : "the next of its partition"
            return [
                Reason(
                    code: "unread",
                    text: "no worker has done it yet: it stands at \(place), \(before); \(workers)",
                    remedy: "rollcall lag --watch shows whether it comes nearer")
            ]
        case .absent(let count):
            return [
                Reason(
                    code: "unknown",
                    text: "no worker has read it, and it is not among what they have still to read "
                        + "(\(lag(count)))",
                    remedy: "it was not sent, or to another topic or cluster: ask its sender")
            ]
        case .unfinished(let count):
            return [
                Reason(
                    code: "unread",
                    text: "no worker has done it yet, and it is not among the first messages that "
                        + "they have still to read; \(lag(count)); \(workers)",
                    remedy: "rollcall lag --watch shows whether they come nearer")
            ]
        case .unknown(let why):
            return [
                Reason(
                    code: "unread",
                    text:
                        "no worker has done it yet; what is still to be read is not known: \(why); "
                        + workers,
                    remedy: "rollcall lag says more of Kafka")
            ]
        case nil: return []
        }
    }
}
