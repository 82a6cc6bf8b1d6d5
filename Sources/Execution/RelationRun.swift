import Catalog
import Jobs
import Postgres

/// How the net effect of a run is brought into the tables.
protocol EffectWriter {
    var connection: Connection { get }

    /// Writes the effect and marks what became of its items.
    mutating func write(_ effect: Coalescer.NetEffect, of run: inout RelationRun) throws

    /// Finds the items that make a statement fail which only reads.
    ///
    /// - Parameter code: the code of items for which the database names no constraint.
    mutating func sift(
        _ rows: [Int32], unnamed code: String?, _ query: ([Int32]) throws -> Void
    ) throws -> [Int32: Rejection]
}

/// The jobs of a batch for one relation, on their way through check, coalescing and apply.
struct RelationRun {
    /// What is known of an item; the rejected ones' reasons stand in the staging.
    enum Mark: UInt8 {
        case open, created, updated, unchanged, removed, absent, superseded, rejected
    }

    let plan: RelationPlan
    private(set) var staging: Staging
    private var marks: [Mark]
    /// Which items are about one row; empty until that is known.
    private var identities: [Int32] = []
    /// The items that had a row to remove, also where it is superseded that they did.
    private var removedItems: Set<Int32> = []
    private let jobs: [(job: Job, entry: Batch.Entry)]

    init(
        _ plan: RelationPlan, jobs: [(job: Job, entry: Batch.Entry)], indexes: [Int],
        condemned: [ItemKey: Rejection], textLength: Int
    ) {
        self.plan = plan
        self.jobs = jobs
        let count = indexes.reduce(0) { $0 + jobs[$1].job.assignment.itemCount }
        staging = Staging(plan: plan, capacity: count, textLimit: textLength)
        for index in indexes { staging.append(jobs[index].job.assignment, job: Int32(index)) }
        marks = [Mark](repeating: .open, count: staging.items.count)
        guard !condemned.isEmpty else { return }
        for row in staging.items.indices {
            if let rejection = condemned[key(ofRow: Int32(row))] {
                staging.reject(Int32(row), rejection.code, rejection.message)
            }
        }
    }

    func key(ofRow row: Int32) -> ItemKey {
        let item = staging.items[Int(row)]
        return ItemKey(job: jobs[Int(item.job)].job.id, number: item.number)
    }

    func identity(ofRow row: Int32) -> Int32 { identities.isEmpty ? row : identities[Int(row)] }

    private func assignment(_ row: Int32) -> Assignment {
        jobs[Int(staging.items[Int(row)].job)].job.assignment
    }

    mutating func execute(_ writer: some EffectWriter) throws {
        var writer = writer
        try execute(&writer)
    }

    /// Executes the items, run by run.
    mutating func execute(_ writer: inout some EffectWriter) throws {
        for row in staging.rejections.keys { marks[Int(row)] = .rejected }
        guard !staging.items.isEmpty else { return }
        let all = Array(Int32(0)..<Int32(staging.items.count))
        try sift(all, unnamed: "invalid-value", plan.sql.probe, &writer)
        if !plan.dependsOnEarlierJobs { try check(all, &writer) }
        let items = try coalescerItems(on: writer.connection)
        identities = items.map(\.identity)
        let coalescer = Coalescer(rowsAreTheirIdentity: plan.rowsAreTheirIdentity)
        let runs = runs(of: items, coalescer)
        for run in 0...(runs.max() ?? 0) {
            let rows = runs.indices.filter { runs[$0] == run }.map(Int32.init)
            if plan.dependsOnEarlierJobs { try check(rows, &writer) }
            let accepted = openRows(rows)
            let effect = coalescer.netEffect(of: accepted, in: items, succession: succession)
            for (row, outcome) in effect.settled { mark(row, outcome) }
            try writer.write(effect, of: &self)
        }
    }

    /// Refuses the items that a statement cannot even read.
    private mutating func sift(
        _ rows: [Int32], unnamed code: String?, _ sql: String, _ writer: inout some EffectWriter
    ) throws {
        let connection = writer.connection
        let refused = try writer.sift(openRows(rows), unnamed: code) { rows in
            try connection.execute(sql, parameters(of: rows))
        }
        for (row, rejection) in refused { reject(row, rejection) }
    }

    // MARK: Coalescing

    private func coalescerItems(on connection: Connection) throws -> [Coalescer.Item] {
        let identity = plan.identityPositions.map { staging.columns[$0] }
        var rows = RowIdentities.number(identity, count: staging.items.count)
        if let identify = plan.sql.identify {
            // Only the database knows which values of these types are equal.
            let accepted = openRows(Array(staging.items.indices.map(Int32.init)))
            let answer = try connection.execute(
                identify, parameters(of: accepted), binaryResult: true)
            for row in 0..<answer.count {
                rows[answer.int(row, 0)] = rows[answer.int(row, 1)]
            }
        }
        return staging.items.indices.map { row in
            Coalescer.Item(
                operation: staging.items[row].operation, identity: rows[row],
                job: staging.items[row].job)
        }
    }

    /// The run of each item; of those that are refused it does not matter.
    private func runs(of items: [Coalescer.Item], _ coalescer: Coalescer) -> [Int32] {
        guard !plan.hasSideEffects, !coversOtherRows else { return runsByUnit(items) }
        return coalescer.runs(
            of: items, keyOfJob: jobs.map(\.entry.key),
            dependsOnEarlierJobs: plan.dependsOnEarlierJobs, succession: succession)
    }

    /// An unassign that leaves out a part of the identity, or that asks for more than the identity,
    /// may be about other rows than its number says.
    private var coversOtherRows: Bool {
        staging.items.indices.contains { row in
            staging.items[row].operation == .unassign && marks[row] == .open
                && (!plan.identityCoversKeys
                    || plan.attributePositions.contains { position in
                        let isGiven = staging.columns[position].states[row] != .missing
                        return isGiven != plan.identityAttributes.contains(position)
                    })
        }
    }

    /// Each item a run later than the last of the same target and member, unless it asks for the
    /// same again: nothing else is folded.
    private func runsByUnit(_ items: [Coalescer.Item]) -> [Int32] {
        let isIdentity = plan.unitPositions == plan.identityPositions
        let units =
            isIdentity
            ? items.map(\.identity)
            : RowIdentities.number(
                plan.unitPositions.map { staging.columns[$0] }, count: items.count)
        var runs = [Int32](repeating: 0, count: items.count)
        var lastOfUnit: [Int32: Int] = [:]
        var nextOfKey: [Int32: Int32] = [:]
        var floor: Int32 = 0
        for index in items.indices {
            let key = jobs[Int(items[index].job)].entry.key
            let isFirst = index == 0 || items[index - 1].job != items[index].job
            if isFirst, plan.dependsOnEarlierJobs { floor = nextOfKey[key] ?? 0 }
            guard marks[index] == .open else { continue }
            runs[index] = floor
            if let last = lastOfUnit[units[index]] {
                let isAgain = items[last].identity == items[index].identity && repeats(last, index)
                runs[index] = max(floor, isAgain ? runs[last] : runs[last] + 1)
            }
            lastOfUnit[units[index]] = index
            nextOfKey[key] = max(nextOfKey[key] ?? 0, runs[index] + 1)
        }
        return runs
    }

    /// Whether the later of two items of one row asks for nothing that the earlier did not.
    private func repeats(_ earlier: Int, _ later: Int) -> Bool {
        guard staging.items[earlier].operation == staging.items[later].operation else {
            return false
        }
        guard staging.items[later].operation == .unassign else {
            return succession(Int32(earlier), Int32(later)) == .repeats
        }
        return plan.attributePositions.allSatisfy {
            staging.columns[$0].areEqual(earlier, later)
        }
    }

    /// What a later assign of the same row means for an earlier one.
    private func succession(_ earlier: Int32, _ later: Int32) -> Coalescer.Succession {
        let (a, b) = (Int(earlier), Int(later))
        let updates = allowsUpdate(later) ? plan.updatedPositions : []
        let isUnsaid = updates.allSatisfy { staging.columns[$0].states[b] == .missing }
        // What leaves an old row as it is says nothing of what stands there.
        if !isUnsaid, !allowsUpdate(earlier) { return .follows }
        var says = Coalescer.Succession.repeats
        for position in updates {
            let column = staging.columns[position]
            if column.states[b] == .missing || column.areEqual(a, b) { continue }
            // One after the other, the earlier value would stay.
            if column.mayBeEqualAndDiffer(a, b, plan.given[position]) { return .follows }
            says = .replaces
        }
        guard says == .replaces else { return .repeats }
        // The later one alone must give the row that both give one after the other.
        for position in plan.attributePositions {
            let column = staging.columns[position]
            let isSaid =
                updates.contains(position)
                ? column.states[b] != .missing || column.states[a] == .missing
                : column.areEqual(a, b)
            if !isSaid { return .follows }
        }
        return .replaces
    }

    /// Whether an assign may change a row that is there.
    private func allowsUpdate(_ row: Int32) -> Bool {
        !plan.updatedPositions.isEmpty && assignment(row).onConflict != .ignore
    }

    // MARK: Checks

    /// Refuses the items that a rule, a foreign key or a CHECK refuses, and the atomic jobs that
    /// have refused items.
    private mutating func check(_ rows: [Int32], _ writer: inout some EffectWriter) throws {
        let assigns = rows.filter { staging.items[Int($0)].operation == .assign }
        if let sql = plan.sql.check, !openRows(assigns).isEmpty {
            try sift(assigns, unnamed: nil, sql, &writer)
            let answer = try writer.connection.execute(
                sql, parameters(of: openRows(assigns)), binaryResult: true)
            for index in 0..<answer.count {
                let row = Int32(answer.int(index, 0))
                let check = plan.checks[answer.int(index, 1)]
                reject(row, Rejection(code: check.code, message: message(check.message, row)))
            }
        }
        try dropAtomicJobs()
    }

    private func openRows(_ rows: [Int32]) -> [Int32] { rows.filter { marks[Int($0)] == .open } }

    func isAtomic(_ row: Int32) -> Bool { assignment(row).mode == .atomic }

    /// Puts the item's values into a rule's message.
    ///
    /// A value with braces of its own stays as it is.
    private func message(_ template: String, _ row: Int32) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            text += rest[..<open]
            rest = rest[open...]
            let name = rest.dropFirst().prefix { $0 != "}" }
            let position = plan.given.firstIndex { $0.name == name }
            if let position, name.endIndex < rest.endIndex {
                text += staging.columns[position].text(Int(row))
                rest = rest[rest.index(after: name.endIndex)...]
            } else {
                text += "{"
                rest = rest.dropFirst()
            }
        }
        return text + rest
    }

    /// One bad item, and nothing of an atomic job is written.
    private mutating func dropAtomicJobs() throws {
        for range in staging.ranges where jobs[Int(range.job)].job.assignment.mode == .atomic {
            guard let bad = range.items.first(where: { marks[Int($0)] == .rejected }) else {
                continue
            }
            let isWritten = range.items.contains { row in
                marks[Int(row)] != .open && marks[Int(row)] != .rejected
            }
            if isWritten {
                let rejection = staging.rejections[bad]
                throw Restart(condemned: rejection.map { [key(ofRow: bad): $0] } ?? [:])
            }
            let number = staging.items[Int(bad)].number
            for row in range.items where marks[Int(row)] == .open {
                reject(
                    row,
                    Rejection(
                        code: "not-applied",
                        message: "the job is atomic and item \(number) was rejected"))
            }
        }
    }

    private mutating func reject(_ row: Int32, _ rejection: Rejection) {
        staging.reject(row, rejection.code, rejection.message)
        marks[Int(row)] = .rejected
    }

    // MARK: Writing

    private mutating func mark(_ row: Int32, _ outcome: Outcome) {
        switch outcome {
        case .created: marks[Int(row)] = .created
        case .updated: marks[Int(row)] = .updated
        case .unchanged: marks[Int(row)] = .unchanged
        case .removed: marks[Int(row)] = .removed
        case .absent: marks[Int(row)] = .absent
        case .superseded: marks[Int(row)] = .superseded
        case .rejected(let rejection): reject(row, rejection)
        }
    }

    /// Removes, inserts and updates, each with one statement for all rows.
    mutating func apply(_ effect: Coalescer.NetEffect, on connection: Connection) throws {
        try remove(effect.removals, on: connection)
        let assigns = effect.assigns
        guard !assigns.isEmpty else { return }
        let created = Self.items(
            try connection.execute(plan.sql.insert, parameters(of: assigns), binaryResult: true))
        settle(assigns, as: .created, otherwise: .unchanged, by: created)
        for (assign, removal) in effect.replacements where removedItems.contains(removal) {
            // The row was there before this batch: to the outside it was changed, not created.
            if marks[Int(assign)] == .created { marks[Int(assign)] = .updated }
        }
        try update(
            assigns.filter { marks[Int($0)] == .unchanged && allowsUpdate($0) }, on: connection)
    }

    /// Removes the items' rows.
    private mutating func remove(_ rows: [Int32], on connection: Connection) throws {
        guard !rows.isEmpty else { return }
        let parameters = parameters(of: rows)
        try connection.execute(plan.sql.lockForDelete, parameters)
        let removed = Self.items(
            try connection.execute(plan.sql.delete, parameters, binaryResult: true))
        settle(rows, as: .removed, otherwise: .absent, by: removed)
        removedItems.subtract(rows)
        removedItems.formUnion(removed)
    }

    private mutating func update(_ rows: [Int32], on connection: Connection) throws {
        guard let lock = plan.sql.lockForUpdate, let update = plan.sql.update, !rows.isEmpty
        else { return }
        let parameters = parameters(of: rows)
        try connection.execute(lock, parameters)
        settle(
            rows, as: .updated, otherwise: .unchanged,
            by: Self.items(try connection.execute(update, parameters, binaryResult: true)))
    }

    /// The items that a statement returned.
    private static func items(_ answer: Rows) -> [Int32] {
        (0..<answer.count).map { Int32(answer.int($0, 0)) }
    }

    /// Marks the items that a statement returned, and those that it did not.
    ///
    /// What coalescing has settled stays: a removal that a later assign undoes is superseded.
    private mutating func settle(
        _ rows: [Int32], as outcome: Mark, otherwise other: Mark, by returned: [Int32]
    ) {
        for row in rows where marks[Int(row)] != .superseded { marks[Int(row)] = other }
        for row in returned where marks[Int(row)] != .superseded { marks[Int(row)] = outcome }
    }

    private func parameters(of rows: [Int32]) -> Parameters {
        var numbers = ArrayParameter(.int4, capacity: rows.count)
        for row in rows { numbers.append(int32: row) }
        var parameters = Parameters()
        parameters.append(numbers)
        for column in staging.columns { parameters.append(column.array(of: rows)) }
        for position in plan.attributePositions {
            parameters.append(staging.columns[position].given(of: rows))
        }
        return parameters
    }

    // MARK: Reporting

    /// What became of each job.
    func reports(storedRejections: Int) -> [JobReport] {
        staging.ranges.map { range in
            let (job, entry) = jobs[Int(range.job)]
            var counts = OutcomeCounts()
            var rejections: [JobReport.RejectedItem] = []
            for row in range.items {
                count(marks[Int(row)], into: &counts)
                guard let rejection = staging.rejections[row], rejections.count < storedRejections
                else { continue }
                rejections.append(
                    JobReport.RejectedItem(
                        number: Int(staging.items[Int(row)].number),
                        member: staging.memberText(Int(row), of: job.assignment),
                        rejection: rejection))
            }
            let isRefused = job.assignment.mode == .atomic && counts.rejected > 0
            let bad = rejections.first { $0.rejection.code != "not-applied" }
            return JobReport(
                job: job, origin: entry.message.origin,
                state: isRefused
                    ? .failed : counts.rejected > 0 ? .succeededWithRejections : .succeeded,
                counts: counts, rejections: rejections,
                error: isRefused ? Self.atomicFailure(bad) : nil,
                attempts: entry.failures + 1)
        }
    }

    private static func atomicFailure(_ bad: JobReport.RejectedItem?) -> Rejection {
        let reason = bad.map { "item \($0.number): \($0.rejection.code): \($0.rejection.message)" }
        return Rejection(
            code: "item-rejected",
            message: "the job is atomic and nothing of it was written; \(reason ?? "see its items")"
        )
    }

    private func count(_ mark: Mark, into counts: inout OutcomeCounts) {
        switch mark {
        case .created: counts.created += 1
        case .updated: counts.updated += 1
        case .unchanged: counts.unchanged += 1
        case .removed: counts.removed += 1
        case .absent: counts.absent += 1
        case .superseded: counts.superseded += 1
        case .rejected: counts.rejected += 1
        case .open: preconditionFailure("every item of an executed job has an outcome")
        }
    }
}

/// Writes an effect as it is: all of it, or an error.
struct Apply: EffectWriter {
    let connection: Connection

    mutating func write(_ effect: Coalescer.NetEffect, of run: inout RelationRun) throws {
        try run.apply(effect, on: connection)
    }

    /// Nothing is asked: what fails shows when it is needed.
    func sift(
        _ rows: [Int32], unnamed code: String?, _ query: ([Int32]) throws -> Void
    ) -> [Int32: Rejection] { [:] }
}
