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
    mutating func dropAtomicJobs() throws {
        for range in staging.ranges where jobs[Int(range.job)].job.assignment.mode == .atomic {
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
