import Catalog
import Jobs
import Postgres

/// Refusing items before anything is written.
extension RelationRun {
    /// Refuses the items that a rule, a foreign key or a CHECK refuses, and the atomic jobs that
    /// have refused items.
    mutating func check(_ rows: [Int32], _ writer: inout some EffectWriter) throws {
        let assigns = rows.filter { staging.items[Int($0)].operation == .assign }
        if let sql = plan.sql.check, !openRows(assigns).isEmpty {
            try sift(openRows(assigns), unnamed: nil, sql, &writer)
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

    /// Refuses the unassigns that would remove a row which a rule protects.
    mutating func protect(_ rows: [Int32], _ writer: inout some EffectWriter) throws {
        let removals = openRows(rows).filter { staging.items[Int($0)].operation == .unassign }
        guard let sql = plan.sql.protect, !removals.isEmpty else { return }
        try sift(removals, unnamed: nil, sql, &writer)
        let answer = try writer.connection.execute(
            sql, parameters(of: openRows(removals)), binaryResult: true)
        for index in 0..<answer.count {
            let row = Int32(answer.int(index, 0))
            let rule = plan.relation.protects[answer.int(index, 1)]
            let text = Self.filled(rule.message) { name in
                plan.sql.protectColumns.firstIndex(of: String(name)).map { column in
                    answer.isNull(index, column + 2) ? "null" : answer.string(index, column + 2)
                }
            }
            reject(row, Rejection(code: rule.code, message: text))
        }
        if answer.count > 0 { try dropAtomicJobs() }
    }

    /// Puts the item's values into a rule's message.
    ///
    /// A value with braces of its own stays as it is.
    func message(_ template: String, _ row: Int32) -> String {
        Self.filled(template) { name in
            plan.given.firstIndex { $0.name == name }.map { position in
                let isLeftOut = staging.columns[position].states[Int(row)] == .missing
                return isLeftOut && plan.given[position].defaultExpression != nil
                    ? "its default" : staging.columns[position].text(Int(row))
            }
        }
    }

    /// Puts values in the place of the names in braces that have one.
    static func filled(_ template: String, _ value: (Substring) -> String?) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            text += rest[..<open]
            rest = rest[open...]
            let name = rest.dropFirst().prefix { $0 != "}" }
            if name.endIndex < rest.endIndex, let value = value(name) {
                text += value
                rest = rest[rest.index(after: name.endIndex)...]
            } else {
                text += "{"
                rest = rest.dropFirst()
            }
        }
        return text + rest
    }

    /// Locks the targets of all items, where no index keeps rows of one identity apart.
    func lockTargets(on connection: Connection) throws {
        guard let sql = plan.sql.lockTargets else { return }
        let rows = openRows(Array(Int32(0)..<Int32(staging.items.count)))
        if !rows.isEmpty { try connection.execute(sql, parameters(of: rows)) }
    }

    /// One bad item, and nothing of an atomic job is written.
    mutating func dropAtomicJobs() throws {
        for range in staging.ranges where jobs[Int(range.job)].assignment.mode == .atomic {
            guard let bad = range.items.first(where: { marks[Int($0)] == .rejected }) else {
                continue
            }
            let isWritten = range.items.contains { row in
                let mark = marks[Int(row)]
                return mark != .open && mark != .rejected && mark != .dropped
            }
            if isWritten, let rejection = staging.rejections[bad] {
                let refusal = Refusal(rejection: rejection, isClash: false, isWritten: true)
                throw Restart(condemned: [key(ofRow: bad): refusal])
            }
            let number = staging.items[Int(bad)].number
            for row in range.items where marks[Int(row)] == .open {
                guard staging.items[Int(row)].kind == .listed else {
                    // A row that stays after all is nothing that the job asked for.
                    marks[Int(row)] = .dropped
                    continue
                }
                reject(
                    row,
                    Rejection(
                        code: "not-applied",
                        message: "the job is atomic and item \(number) was rejected"))
            }
        }
    }
}
