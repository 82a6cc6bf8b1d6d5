import Jobs

extension Dispatcher {
    /// The next batch, if there is one and it is worth a transaction.
    mutating func nextBatch(at now: ContinuousClock.Instant) -> Assignment? {
        if let outage, outage.isProbing || outage.due > now { return nil }
        let work =
            wasCautious
            ? nextProbe(now) ?? nextReady(now) ?? nextCautious(now)
            : nextCautious(now) ?? nextProbe(now) ?? nextReady(now)
        if let work { begin(work) }
        return work
    }

    /// When the next batch is worth a transaction; nil while there is nothing to hand out.
    var nextDue: ContinuousClock.Instant? {
        if let outage, outage.isProbing { return nil }
        var dues = [readyDue]
        for trouble in troubles.values where !trouble.isProbing && !trouble.keys.isEmpty {
            dues.append(trouble.due)
        }
        if cautiousBatches < limits.cautiousLanes {
            cautious.forEach { key in
                guard let task = slots[key]?.waiting.first, mayBegin(task) else { return }
                dues.append(task.caution?.due)
            }
        }
        let due = dues.compactMap { $0 }.min()
        return due.map { max($0, outage?.due ?? $0) }
    }

    // MARK: Ready

    /// A batch is worth a transaction while the window of its first message is over, or when there is
    /// enough to fill it.
    private var readyDue: ContinuousClock.Instant? {
        guard let key = ready.first, let task = slots[key]?.waiting.first else { return nil }
        let isEnough = readyJobs >= limits.batchJobs || readyItems >= size.items
        return isEnough ? task.admitted : task.admitted.advanced(by: window)
    }

    /// While nobody works a job waits as shortly as the settings say; while others do, waiting longer
    /// costs little and saves transactions.
    private var window: Duration {
        executingBatches == 0
            ? limits.window
            : max(limits.window, min(limits.window * 8, size.smoothedTime / 4))
    }

    private mutating func nextReady(_ now: ContinuousClock.Instant) -> Assignment? {
        guard let due = readyDue, due <= now else { return nil }
        var builder = BatchBuilder(items: size.items, jobs: limits.batchJobs)
        while !builder.isFull, let key = ready.first, let slot = slots[key] {
            let (jobs, items) = (slot.waiting.count, slot.items)
            // A dry run or a full batch leaves the key where it is: at the front.
            let troubled = Set(troubles.keys)
            let mayGo = { (task: Task) in
                task.caution == nil && task.relation.map { !troubled.contains($0) } != false
            }
            guard take(key, into: &builder, where: mayGo) else { break }
            _ = ready.popFirst()
            readyJobs -= jobs
            readyItems -= items
        }
        return builder.assignment(from: .ready, at: now)
    }

    // MARK: Relations in trouble

    private mutating func nextProbe(_ now: ContinuousClock.Instant) -> Assignment? {
        for (relation, trouble) in troubles {
            guard !trouble.isProbing, trouble.due <= now, !trouble.keys.isEmpty else { continue }
            var builder = BatchBuilder(
                items: size.items, jobs: min(trouble.company, limits.batchJobs))
            while !builder.isFull, let key = troubles[relation]?.keys.first {
                guard
                    take(
                        key, into: &builder, where: { $0.caution == nil && $0.relation == relation }
                    )
                else { break }
                _ = troubles[relation]?.keys.popFirst()
            }
            if let work = builder.assignment(
                from: .probe(relation), at: now, isImpatient: trouble.isLock)
            {
                return work
            }
        }
        return nil
    }

    // MARK: Caution

    private mutating func nextCautious(_ now: ContinuousClock.Instant) -> Assignment? {
        guard cautiousBatches < limits.cautiousLanes else { return nil }
        var builder = BatchBuilder(items: size.items, jobs: limits.batchJobs)
        // Each key is looked at once; those that are not taken keep their order.
        for _ in 0..<cautious.count {
            guard !builder.isFull, let key = cautious.popFirst() else { break }
            let isTaken =
                slots[key]?.waiting.first.map(mayBegin) == true
                && take(key, into: &builder) { ($0.caution?.due).map { $0 <= now } ?? false }
            if !isTaken { cautious.append(key) }
        }
        return builder.assignment(from: .cautious, at: now)
    }

    /// Messages that may kill their worker are executed one at a time.
    private func mayBegin(_ task: Task) -> Bool {
        !(isSuspectExecuting && task.caution?.isJournaled == true)
    }

    /// Takes messages of a key from its front, as long as they are wanted and fit.
    ///
    /// - Returns: whether one was taken; then the key is in flight.
    private mutating func take(
        _ key: [UInt8], into builder: inout BatchBuilder, where isWanted: (Task) -> Bool
    ) -> Bool {
        guard let index = slots.index(forKey: key) else { return false }
        let number = slots.values[index].number
        var isTaken = false
        while let task = slots.values[index].waiting.first, isWanted(task),
            !holds.holds(task.message), builder.accepts(task, of: number)
        {
            _ = slots.values[index].waiting.popFirst()
            slots.values[index].items -= task.message.itemCount
            builder.append(task, key: key, number: number)
            isTaken = true
        }
        if isTaken { slots.values[index].place = .inFlight }
        return isTaken
    }
}
