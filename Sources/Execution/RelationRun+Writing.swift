import Catalog
import Jobs
import Postgres

/// Bringing a net effect into the table, with as many statements for one row as for all.
extension RelationRun {
    mutating func apply(_ effect: Coalescer.NetEffect, on connection: Connection) throws {
        if plan.insertsFirst {
            try insertFirst(effect, on: connection)
        } else {
            try removeFirst(effect, on: connection)
        }
    }

    /// Inserts, then locks what was there before, then removes and changes it.
    ///
    /// Who waits to insert holds no lock on an old row, old rows are all locked in one order, and
    /// new ones nobody else sees: two writers never wait for each other.
    private mutating func insertFirst(
        _ effect: Coalescer.NetEffect, on connection: Connection
    ) throws {
        var assigns = effect.assigns
        if !lostRows.isEmpty {
            let lost = assigns.filter { lostRows.contains(identity(ofRow: $0)) }
            settle(lost, as: .unchanged, otherwise: .unchanged, by: [])
            assigns.removeAll { lostRows.contains(identity(ofRow: $0)) }
        }
        try insert(assigns, on: connection)
        // Where a row is to be removed and assigned again, an INSERT that wrote it found none.
        let needless = Set(
            effect.replacements.filter { marks[Int($0.key)] == .created }.map(\.value))
        let removals =
            needless.isEmpty ? effect.removals : effect.removals.filter { !needless.contains($0) }
        let later = laterRows.filter { staging.items[Int($0)].operation == .assign }
        let locked = try lock(
            removals: removals,
            updates: updatable(assigns).filter { effect.replacements[$0] == nil },
            on: connection)
        noteLost(later.filter { !locked[Int($0)] }, foundBy: assigns)
        try remove(removals, locked, on: connection)
        // What was removed here stays locked: writing it again waits for nobody. A row that is gone
        // since the INSERT found it was taken away by somebody who came later.
        try insert(
            effect.replacements.filter { removedItems.contains($0.value) }.keys
                .filter { marks[Int($0)] != .created }.sorted(),
            on: connection)
        markReplacements(effect)
        try update(updatable(assigns), locked, on: connection)
    }

    /// A row that an INSERT found, and that was gone when it was to be locked for a later run, was
    /// taken away by somebody who came later: to write it again could wait for a third.
    private mutating func noteLost(_ missed: [Int32], foundBy assigns: [Int32]) {
        guard !missed.isEmpty else { return }
        let found = Set(
            assigns.filter { marks[Int($0)] == .unchanged }.map { identity(ofRow: $0) })
        lostRows.formUnion(missed.map { identity(ofRow: $0) }.filter(found.contains))
    }

    /// Removes, then inserts, then updates: for tables where a row that is removed may make room
    /// for another.
    private mutating func removeFirst(
        _ effect: Coalescer.NetEffect, on connection: Connection
    ) throws {
        (created, updated, removed) = (WrittenRows(), WrittenRows(), WrittenRows())
        let old = try lock(removals: effect.removals, updates: [], on: connection)
        try remove(effect.removals, old, on: connection)
        try follow(plan.sql.onUnassign, on: connection)
        try insert(effect.assigns, on: connection)
        markReplacements(effect)
        let updates = updatable(effect.assigns)
        let changing = try lock(removals: [], updates: updates, on: connection)
        try update(updates, changing, on: connection)
        try writeChildren(of: effect.assigns, on: connection)
        try follow(plan.sql.onAssign, on: connection)
    }

    private mutating func insert(_ rows: [Int32], on connection: Connection) throws {
        guard !rows.isEmpty else { return }
        let answer = try connection.execute(
            plan.sql.insert, parameters(of: rows), binaryResult: true)
        let written = Self.items(answer)
        if !plan.sql.onAssign.isEmpty { created.append(answer, items: written) }
        settle(rows, as: .created, otherwise: .unchanged, by: written)
        let others = rows.filter { marks[Int($0)] == .unchanged }
        try refuseClashes(others, on: connection)
        try refuseKeptOut(others, on: connection)
        if plan.relation.conflict == .refuse, let row = others.first {
            // It came after the check.
            let check = plan.checks.last { $0.code == ItemCheck.alreadyExists }
            try refuse(row, ItemCheck.alreadyExists, check?.message ?? "")
        }
    }

    /// Where any index may find the row, the row found may be another one.
    private func refuseClashes(_ rows: [Int32], on connection: Connection) throws {
        guard let sql = plan.sql.clash, !rows.isEmpty else { return }
        let answer = try connection.execute(sql, parameters(of: rows), binaryResult: true)
        guard answer.count > 0 else { return }
        let index = plan.otherIndexes[answer.int(0, 1)]
        try refuse(
            Int32(answer.int(0, 0)), index.name,
            "expected no other row with the same \(index.columns.joined(separator: ", ")), got one")
    }

    /// A row that was not written is there already, unless a trigger skips it without a word.
    private func refuseKeptOut(_ rows: [Int32], on connection: Connection) throws {
        guard let sql = plan.sql.keptOut, !rows.isEmpty else { return }
        let answer = try connection.execute(sql, parameters(of: rows), binaryResult: true)
        guard answer.count > 0 else { return }
        let refusal = Refusal(
            rejection: Rejection(
                code: "not-written",
                message: "expected the row to be written, got none: a trigger has kept it out"),
            isClash: false, isWritten: true)
        throw Restart(
            condemned: Dictionary(
                uniqueKeysWithValues: Self.items(answer).map { (key(ofRow: $0), refusal) }))
    }

    /// Begins anew without an item that was found to be at fault when it was written.
    private func refuse(_ row: Int32, _ code: String, _ message: String) throws {
        let refusal = Refusal(
            rejection: Rejection(code: code, message: message), isClash: false, isWritten: true)
        throw Restart(condemned: [key(ofRow: row): refusal])
    }

    /// Sends the effects that have something to follow from.
    private func follow(_ effects: [EffectStatement], on connection: Connection) throws {
        for effect in effects {
            let sets = effect.sets.map { set in
                switch set {
                case .created: created
                case .updated: updated
                case .removed: removed
                }
            }
            let isVain =
                sets.isEmpty
                ? created.isEmpty && updated.isEmpty && removed.isEmpty
                : sets.allSatisfy(\.isEmpty)
            if isVain { continue }
            var parameters = Parameters()
            for set in sets { set.append(to: &parameters) }
            try connection.execute(effect.sql, parameters)
        }
    }

    /// A row that was there before this batch was changed and not created, to the outside.
    private mutating func markReplacements(_ effect: Coalescer.NetEffect) {
        for (assign, removal) in effect.replacements where removedItems.contains(removal) {
            if marks[Int(assign)] == .created { marks[Int(assign)] = .updated }
        }
    }

    /// The assigns that found their row there and may change it.
    private func updatable(_ assigns: [Int32]) -> [Int32] {
        assigns.filter { marks[Int($0)] == .unchanged && allowsUpdate($0) }
    }

    /// Locks the rows to be removed or changed in the order of their keys, with one statement:
    /// with two, the order would begin anew.
    ///
    /// - Returns: for each item whether it has such a row. Others are left alone: a row that appears or
    ///   changes after this is not locked in the order, and belongs to somebody who came later.
    private mutating func lock(
        removals: [Int32], updates: [Int32], on connection: Connection
    ) throws -> [Bool] {
        let removals = removals + laterRows.filter { staging.items[Int($0)].operation == .unassign }
        let later = laterRows.filter { staging.items[Int($0)].operation == .assign }
        laterRows = []
        let changes = updates + later
        var parameters = parameters(of: removals + changes)
        let sql: String?
        if changes.isEmpty {
            sql = removals.isEmpty ? nil : plan.sql.lockForDelete
        } else if removals.isEmpty && later.isEmpty {
            sql = plan.sql.lockForUpdate
        } else {
            sql = plan.sql.lock
            var reasons = ArrayParameter(.int2)
            for _ in removals { reasons.append(int16: RelationSQL.LockReason.removal.rawValue) }
            for _ in updates { reasons.append(int16: RelationSQL.LockReason.update.rawValue) }
            for _ in later { reasons.append(int16: RelationSQL.LockReason.later.rawValue) }
            parameters.append(reasons)
        }
        var locked = [Bool](repeating: false, count: staging.items.count)
        guard let sql else { return locked }
        for item in Self.items(try connection.execute(sql, parameters, binaryResult: true)) {
            locked[Int(item)] = true
        }
        return locked
    }

    /// Removes the rows of the items as far as they are locked.
    private mutating func remove(
        _ rows: [Int32], _ locked: [Bool], on connection: Connection
    ) throws {
        let found = rows.filter { locked[Int($0)] }
        var gone: [Int32] = []
        if !found.isEmpty {
            for sql in plan.sql.deleteChildren {
                try connection.execute(sql, parameters(of: found))
            }
            let answer = try connection.execute(
                plan.sql.delete, parameters(of: found), binaryResult: true)
            gone = Self.items(answer)
            if !plan.sql.onUnassign.isEmpty { removed.append(answer, items: gone) }
        }
        settle(rows, as: .removed, otherwise: .absent, by: gone)
        removedItems.subtract(rows)
        removedItems.formUnion(gone)
    }

    /// Changes the rows of the items as far as they are locked.
    private mutating func update(
        _ rows: [Int32], _ locked: [Bool], on connection: Connection
    ) throws {
        let found = rows.filter { locked[Int($0)] }
        guard let update = plan.sql.update, !found.isEmpty else { return }
        let answer = try connection.execute(
            update, parameters(of: found), binaryResult: true)
        let changed = Self.items(answer)
        if !plan.sql.onAssign.isEmpty { updated.append(answer, items: changed) }
        settle(rows, as: .updated, otherwise: .unchanged, by: changed)
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
        for row in rows where marks[Int(row)] != .superseded { set(row, other) }
        for row in returned where marks[Int(row)] != .superseded { set(row, outcome) }
    }
}
