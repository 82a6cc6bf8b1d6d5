import Catalog
import Jobs
import Postgres

/// Rows that go because a job does not name them.
extension RelationRun {
    /// Stages an item for each row that exact jobs and jobs for all members remove, so that the
    /// rest treats it as any other: many such jobs cost as many statements as one.
    ///
    /// The rows are read without a lock: who still has to insert must hold none, and a row that has
    /// gone until it is to be removed is no item.
    ///
    /// - Returns: the numbers of all items' rows; nil where there is nothing to do.
    mutating func sweep(_ writer: inout some EffectWriter) throws -> [Int32]? {
        let all = Array(Int32(0)..<Int32(staging.items.count))
        let sweeps = openRows(all).filter { staging.items[Int($0)].kind == .sweep }
        guard !sweeps.isEmpty, let present = plan.sql.present else { return nil }
        // What its effects write of its own table shows only once it is written.
        if plan.cuts.readsItsWork, jobs.count > 1 { throw MustStandAlone() }
        let connection = writer.connection
        // Of the rows that are there, jobs may list as many as they have items.
        let most = limits.jobItems + all.count
        var parameters = parameters(of: sweeps)
        parameters.append(Int64(most + 1))
        let answer = try connection.execute(present, parameters, binaryResult: true)
        guard answer.count <= most else { throw TooManyRows() }
        staging.append(present: answer)
        let rowsThere = all.count..<(all.count + answer.count)
        let named = readable(all) + rowsThere.map(Int32.init)
        let identities = try numbers(
            of: plan.identityPositions, plan.sql.identify, asking: named, on: connection)
        let targets = try numbers(
            of: Array(plan.relation.target.indices), plan.sql.identifyTarget,
            asking: sweeps + named, on: connection)
        var rows = PossibleRows(count: identities.count)
        for row in rowsThere {
            rows.add(identities[row], of: targets[row], source: Int32(row))
        }
        var order = SweptOrder(staging)
        for range in staging.ranges {
            order.append(
                range, walk(range, identities, targets, &rows, writer.outlivesRefusals), self)
        }
        guard order.sweptCount <= limits.jobItems else { throw TooManyRows() }
        writer.move(order.places)
        replace(order.staging, order.marks)
        return order.numbers(identities)
    }

    /// The items whose values the database can read, rejected or not.
    func readable(_ rows: [Int32]) -> [Int32] {
        rows.filter {
            marks[Int($0)] == .open && staging.items[Int($0)].kind == .listed
                || staging.names($0) && !unreadable.contains($0)
        }
    }

    /// Lets a job happen to the rows; the staged rows with the values of those that it sweeps.
    private mutating func walk(
        _ range: (job: Int32, items: Range<Int32>), _ identities: [Int32], _ targets: [Int32],
        _ rows: inout PossibleRows, _ outlivesRefusals: Bool
    ) -> [SweptOrder.Row] {
        let isAtomic = jobs[Int(range.job)].assignment.mode == .atomic
        // Where checks are to come, or the database may refuse an item without an end to all, the
        // job may not happen: what it removes may still be there.
        // A rule may keep rows too.
        let isCertain =
            plan.relation.protects.isEmpty
            && (!plan.dependsOnEarlierJobs || !isAtomic && !outlivesRefusals)
        for row in range.items where staging.names(row) {
            rows.name(identities[Int(row)], by: range.job)
        }
        var swept: [SweptOrder.Row] = []
        var excess: Rejection?
        for row in range.items
        where staging.items[Int(row)].kind == .sweep && marks[Int(row)] == .open {
            let first = swept.count
            for other in rows.others(of: targets[Int(row)], than: range.job) {
                let source = rows.source(of: other)
                swept.append(
                    SweptOrder.Row(
                        source: source, number: other, refusal: refusal(of: source, range.job)))
            }
            let target = targets[Int(row)]
            excess =
                excess
                ?? self.excess(
                    of: range.job, row, removing: swept.count - first, rows.count(of: target))
        }
        if let excess {
            refusedJobs[range.job] = excess
            for row in range.items where marks[Int(row)] != .rejected { reject(row, excess) }
            return []
        }
        if isAtomic, swept.contains(where: { $0.refusal != nil }) {
            // The job is as good as dropped: nothing of it happens.
            return swept.filter { $0.refusal != nil }
        }
        if isCertain {
            for row in swept where row.refusal == nil { rows.remove(row.number) }
        }
        for row in range.items
        where staging.items[Int(row)].kind == .listed && marks[Int(row)] == .open {
            let identity = identities[Int(row)]
            switch staging.items[Int(row)].operation {
            case .assign: rows.add(identity, of: targets[Int(row)], source: row)
            case .unassign:
                if isCertain, reach(Int(row)) == .row { rows.remove(identity) }
            }
        }
        return swept
    }

    /// Why a job is refused that would remove too many of a target's rows.
    private func excess(
        of job: Int32, _ row: Int32, removing removed: Int, _ count: Int
    ) -> Rejection? {
        let assignment = jobs[Int(job)].assignment
        guard let limit = plan.relation.removalLimit, !assignment.confirmsRemovals,
            limit.isExceeded(removing: removed, of: count)
        else { return nil }
        let target = plan.relation.target.indices.map { staging.columns[$0].text(Int(row)) }
        return Rejection(
            code: "too-many-removals",
            message: "\(target.joined(separator: ", ")): expected at most \(limit) of its \(count) "
                + "rows to go, got \(removed); `confirm_removals` lets them go")
    }

    /// Why the database refuses that a job removes a row, known from an earlier attempt.
    private func refusal(of row: Int32, _ job: Int32) -> Rejection? {
        guard !condemned.isEmpty else { return nil }
        let key = ItemKey(job: jobs[Int(job)].id, name: .row(staging.rowText(row)))
        return condemned[key]?.rejection
    }

    /// Gives assigns the database's defaults for what they leave out of their identity, so that it
    /// is known which row they are about.
    mutating func complete(on connection: Connection) throws {
        let positions = plan.identityAttributes
        guard !positions.isEmpty else { return }
        let all = Array(Int32(0)..<Int32(staging.items.count))
        let rows = readable(all).filter { row in
            staging.items[Int(row)].operation == .assign
                && positions.contains { staging.columns[$0].states[Int(row)] == .missing }
        }
        guard !rows.isEmpty else { return }
        let answer = try plan.sql.complete.map {
            try connection.execute($0, parameters(of: rows), binaryResult: true)
        }
        var places: [Int32: Int] = [:]
        for place in 0..<(answer?.count ?? 0) {
            places[Int32(answer?.int(place, 0) ?? 0)] = place
        }
        var field = 1
        for position in positions {
            let hasDefault = plan.given[position].defaultExpression != nil
            staging.complete(position, Set(rows)) { row, column in
                if hasDefault, let answer, let place = places[row] {
                    column.append(place, field, of: answer)
                } else {
                    column.append(.null)
                }
            }
            if hasDefault { field += 1 }
        }
    }
}

/// The items of a batch with those of the rows that go unnamed, in the order of execution: what a
/// job removes unnamed stands before what it lists, because that may need the room.
private struct SweptOrder {
    /// A row that goes unnamed.
    struct Row {
        /// The staged row with its values.
        let source: Int32
        let number: Int32
        /// Why it stays, where the database is known to refuse that it goes.
        let refusal: Rejection?
    }

    private let old: Staging
    private(set) var staging: Staging
    private(set) var marks: [RelationRun.Mark] = []
    /// For each item its old place.
    private var sources: [Int32] = []
    /// For each old place the new one, or -1.
    private(set) var places: [Int32]
    private(set) var sweptCount = 0

    init(_ old: Staging) {
        self.old = old
        staging = Staging(for: old, capacity: old.columns.first?.count ?? 0)
        places = [Int32](repeating: -1, count: old.items.count)
    }

    mutating func append(
        _ range: (job: Int32, items: Range<Int32>), _ swept: [Row], _ run: RelationRun
    ) {
        let assignment = run.jobs[Int(range.job)].assignment
        let first = Int32(staging.items.count)
        var kept: [Int32] = []
        for row in range.items {
            // A target has done what it was staged for, unless it is to be reported.
            if old.items[Int(row)].kind == .listed || run.marks[Int(row)] == .rejected {
                kept.append(row)
            }
        }
        let hasTargets = kept.contains { old.items[Int($0)].kind == .sweep }
        var number = assignment.itemCount + (hasTargets ? assignment.targets.count : 0)
        for row in swept {
            number += 1
            let place = Int32(staging.items.count)
            staging.append(
                swept: row.source, of: old,
                Staging.Item(
                    kind: .swept, operation: .unassign, job: range.job, number: Int32(number),
                    member: assignment.members))
            if let refusal = row.refusal { staging.reject(place, refusal.code, refusal.message) }
            marks.append(row.refusal == nil ? .open : .rejected)
            sources.append(row.source)
        }
        sweptCount += swept.count
        for row in kept {
            places[Int(row)] = Int32(staging.items.count)
            staging.append(row, of: old)
            marks.append(run.marks[Int(row)])
            sources.append(row)
        }
        staging.endJob(range.job, from: first)
    }

    /// The numbers of the items' rows, from 0 without a gap.
    func numbers(_ old: [Int32]) -> [Int32] {
        var new = [Int32](repeating: -1, count: old.count)
        var next: Int32 = 0
        return sources.map { source in
            let number = Int(old[Int(source)])
            if new[number] < 0 {
                new[number] = next
                next += 1
            }
            return new[number]
        }
    }
}
