import Execution
import Jobs

extension Dispatcher {
    /// By how much a batch shrinks that looks for a locked key, and grows when it found none.
    private static let probeFactor = 8

    /// A batch was committed: its keys are free.
    ///
    /// - Parameter time: what its transaction took.
    mutating func settle(
        _ assignment: Assignment, took time: Duration, at now: ContinuousClock.Instant
    ) -> [News] {
        end(assignment)
        for task in assignment.tasks { forget(task) }
        // What calls for caution or looks for a lock says nothing of the others.
        if assignment.line == .ready { size.committed(items: assignment.items, took: time) }
        var news: [News] = []
        if let outage, assignment.handedOut > outage.since {
            self.outage = nil
            lastRecovery = now
            news.append(.databaseBack(after: now - outage.since))
        }
        if case .probe(let relation) = assignment.line {
            troubles[relation]?.tries = 0
            troubles[relation]?.due = now
            troubles[relation]?.company *= Self.probeFactor
        }
        release(assignment.keys)
        for (relation, trouble) in troubles where assignment.relations.contains(relation) {
            let isOver =
                trouble.keys.isEmpty && !trouble.isProbing && assignment.handedOut > trouble.since
            guard isOver || trouble.company >= limits.batchJobs, assignment.line != .ready else {
                continue
            }
            news.append(.relationGoesOn(relation, after: now - trouble.since))
            troubles[relation] = nil
            var keys: [[UInt8]] = []
            trouble.keys.forEach { keys.append($0) }
            release(keys)
        }
        return news
    }

    /// A batch was given up because the worker stops, or because it may not be executed here and now.
    mutating func abandon(_ assignment: Assignment, isCurrent: (OffsetLedger.Ticket) -> Bool) {
        end(assignment)
        putBack(assignment.tasks, of: assignment, isCurrent: isCurrent)
        release(assignment.keys)
    }

    /// An attempt at a batch failed: its messages come back, to be tried again.
    ///
    /// - Parameters:
    ///   - random: from 0 to 1.
    ///   - isCurrent: false for messages of partitions that this worker has lost.
    mutating func fail(
        _ assignment: Assignment, with failure: Failure, at now: ContinuousClock.Instant,
        random: Double, isCurrent: (OffsetLedger.Ticket) -> Bool
    ) -> [News] {
        end(assignment)
        var news: [News] = []
        var tasks = assignment.tasks
        let isAlone = tasks.count == 1
        let relations = assignment.relations.sorted()
        if ![.infrastructure, .schema, .permanent].contains(failure.kind) { size.slowed() }
        switch failure.kind {
        case .schema where !relations.isEmpty:
            for relation in relations {
                let company = max(1, tasks.count / Self.probeFactor)
                news += trouble(relation, failure, company: company, now, random)
            }
            // A table that is gone refuses all; a policy or a trigger may refuse one job alone.
            for index in tasks.indices where isAlone || assignment.line == .cautious {
                retry(&tasks[index], failure, in: tasks.count, now, random)
            }
        case .infrastructure, .schema:
            news += outage(assignment, failure, now, random)
        case .lock:
            for relation in relations where assignment.line != .cautious {
                let company = max(1, tasks.count / Self.probeFactor)
                news += trouble(relation, failure, company: company, now, random)
            }
            if isAlone || assignment.line == .cautious {
                for index in tasks.indices {
                    retry(
                        &tasks[index], failure, in: max(1, tasks.count / Self.probeFactor), now,
                        random)
                }
            }
        case .contention:
            for index in tasks.indices {
                let tries = tasks[index].caution?.tries ?? 0
                retry(
                    &tasks[index], failure, in: tries < 3 ? tasks.count : max(1, tasks.count / 2),
                    now, random)
            }
            news.append(.batchFailed(failure.text, jobs: tasks.count))
        case .timeout, .permanent:
            for index in tasks.indices {
                blame(&tasks[index], failure, company: tasks.count / 2, now, random)
            }
            news.append(.batchFailed(failure.text, jobs: tasks.count))
        }
        putBack(tasks, of: assignment, isCurrent: isCurrent)
        release(assignment.keys)
        // What is held tries nothing, and nobody else may.
        if !holds.isEmpty || !tasks.contains(where: { isCurrent($0.ticket) }) {
            forgetEmptyTroubles()
        }
        return news
    }

    // MARK: What follows

    /// The next try of a message that could not go on for somebody else's sake.
    private func retry(
        _ task: inout Task, _ failure: Failure, in company: Int, _ now: ContinuousClock.Instant,
        _ random: Double
    ) {
        var caution = task.caution ?? Caution(company: company, due: now)
        caution.tries += 1
        caution.reason = failure.text
        caution.company = min(caution.company, company)
        caution.due = now + policy.delay(after: caution.tries, random: random)
        task.caution = caution
    }

    /// The next try of a message that failed itself, or that was with one that did.
    private func blame(
        _ task: inout Task, _ failure: Failure, company: Int, _ now: ContinuousClock.Instant,
        _ random: Double
    ) {
        var caution = task.caution ?? Caution(company: max(1, company), due: now)
        caution.company = max(1, min(caution.company, company))
        caution.due = now
        caution.reason = failure.text
        if company == 0 {
            caution.failures += 1
            if caution.failures >= policy.attempts {
                caution.verdict = failure.verdict
            } else {
                caution.due = now + policy.delay(after: caution.failures, random: random)
            }
        }
        task.caution = caution
    }

    private mutating func outage(
        _ assignment: Assignment, _ failure: Failure, _ now: ContinuousClock.Instant,
        _ random: Double
    ) -> [News] {
        // Lanes report late what they saw early: only an attempt after the last change is news.
        if let lastRecovery, assignment.handedOut < lastRecovery { return [] }
        guard let before = outage else {
            outage = Outage(
                since: now, reason: failure.text, tries: 1,
                due: now + policy.delay(after: 1, random: random))
            return [.databaseAway(failure.text, isSilent: failure.isSilent)]
        }
        guard assignment.handedOut > before.since else { return [] }
        let delay = policy.delay(after: before.tries + 1, random: random)
        outage = Outage(
            since: before.since, reason: failure.text, tries: before.tries + 1, due: now + delay)
        return []
    }

    private mutating func trouble(
        _ relation: String, _ failure: Failure, company: Int, _ now: ContinuousClock.Instant,
        _ random: Double
    ) -> [News] {
        if var known = troubles[relation] {
            known.tries += 1
            known.reason = failure.text
            known.company = min(known.company, company)
            known.due = now + policy.delay(after: known.tries, random: random)
            troubles[relation] = known
            return []
        }
        troubles[relation] = Trouble(
            since: now, reason: failure.text, tries: 1,
            due: now + policy.delay(after: 1, random: random), company: company,
            isLock: failure.kind == .lock)
        // Its keys leave the line of those that go on.
        lineUpAgain()
        return [.relationWaits(relation, failure.text)]
    }

    /// Since when the database has been away, or a relation has waited; nil while none does.
    var troubleSince: ContinuousClock.Instant? {
        (troubles.values.map(\.since) + [outage?.since].compactMap(\.self)).min()
    }

    /// What keeps work from going on, for people; nil while nothing does.
    var waitsFor: String? {
        if let outage { return "database: \(outage.reason)" }
        var reasons = troubles.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.reason)" }
        var held = 0
        var reason: String?
        cautious.forEach { key in
            guard let cause = slots[key]?.waiting.first?.caution?.reason else { return }
            held += 1
            reason = cause
        }
        if let reason { reasons.append("\(held) \(held == 1 ? "key" : "keys"): \(reason)") }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
}
