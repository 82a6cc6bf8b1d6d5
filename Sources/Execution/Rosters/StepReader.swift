import Catalog
import Jobs
import Postgres

/// Makes items of what a step's SQL says of the rows, in the form in which jobs name them.
struct StepReader {
    let step: RosterPlan.Step
    let request: ImportRequest
    /// Part, line, line of all, line of the file, and what is kept apart.
    private static let leadingColumns = 5

    init(step: RosterPlan.Step, request: ImportRequest) {
        self.step = step
        self.request = request
    }

    func items(of answer: Rows) throws -> RosterExecutor.StepItems {
        var items = RosterExecutor.StepItems()
        var order: [[UInt8]] = []
        var rowsOfTarget: [[UInt8]: [Int]] = [:]
        for row in 0..<answer.count {
            let target = target(of: answer, row)
            if rowsOfTarget[target] == nil { order.append(target) }
            rowsOfTarget[target, default: []].append(row)
        }
        for target in order {
            let rows = rowsOfTarget[target] ?? []
            items.assignments.append(try assignment(target, rows, of: answer))
            items.rows += rows.map { row in
                RosterExecutor.StepItems.Row(
                    part: Int32(answer.int(row, 0)), line: Int32(answer.int(row, 1)),
                    number: answer.int(row, 2), lineOfFile: answer.int(row, 3),
                    bringsPassword: !answer.isNull(row, Self.leadingColumns - 1))
            }
        }
        return items
    }

    /// The unassigns of rows that are named by their targets and members alone.
    func removals(of answer: Rows, _ range: Range<Int>) throws -> [Assignment] {
        var order: [[UInt8]] = []
        var rowsOfTarget: [[UInt8]: [Int]] = [:]
        for row in range {
            var json = JSONWriter()
            write(step.target, from: 0, of: answer, row, &json)
            if rowsOfTarget[json.bytes] == nil { order.append(json.bytes) }
            rowsOfTarget[json.bytes, default: []].append(row)
        }
        return try order.map { target in
            var json = JSONWriter()
            open(target, &json)
            for (position, row) in (rowsOfTarget[target] ?? []).enumerated() {
                if position > 0 { json.raw(",") }
                json.raw(#"{"member":"#)
                write(step.member, from: step.target.count, of: answer, row, &json)
                json.raw("}")
            }
            json.raw("]}")
            let document = try JSONDocument(json.bytes)
            return try Assignment(.unassign, document, document.root)
        }
    }

    private func open(_ target: [UInt8], _ json: inout JSONWriter) {
        json.raw(#"{"relation":"#)
        json.string(step.relation.relation.name)
        json.raw(#","target":"#)
        json.raw(target)
        json.raw(#","members":["#)
    }

    /// A target as JSON.
    private func target(of answer: Rows, _ row: Int) -> [UInt8] {
        var json = JSONWriter()
        write(step.target, from: Self.leadingColumns, of: answer, row, &json)
        return json.bytes
    }

    private func assignment(
        _ target: [UInt8], _ rows: [Int], of answer: Rows
    ) throws -> Assignment {
        var json = JSONWriter()
        open(target, &json)
        for (position, row) in rows.enumerated() {
            if position > 0 { json.raw(",") }
            writeMember(of: answer, row, &json)
        }
        json.raw("]}")
        let document = try JSONDocument(json.bytes)
        return try Assignment(step.isRemoval ? .unassign : .assign, document, document.root)
    }

    private func writeMember(of answer: Rows, _ row: Int, _ json: inout JSONWriter) {
        let members = Self.leadingColumns + step.target.count
        json.raw(#"{"member":"#)
        write(step.member, from: members, of: answer, row, &json)
        let attributes = members + step.member.count
        for (position, name) in step.attributes.enumerated() {
            guard let text = answer.optionalString(row, attributes + position) else { continue }
            write(name, text, &json)
        }
        for name in step.cleared {
            json.raw(",")
            json.string(name)
            json.raw(":null")
        }
        if let password = step.password, let text = secret(password, answer, row) {
            write(password.column, text, &json)
        }
        json.raw("}")
    }

    private func write(_ name: String, _ text: String, _ json: inout JSONWriter) {
        json.raw(",")
        json.string(name)
        json.raw(":")
        json.string(text)
    }

    /// Writes a target or member: its value, or an object of several columns.
    private func write(
        _ names: [String], from first: Int, of answer: Rows, _ row: Int,
        _ json: inout JSONWriter
    ) {
        func value(_ field: Int) {
            if let text = answer.optionalString(row, field) {
                json.string(text)
            } else {
                json.raw("null")
            }
        }
        guard names.count != 1 else { return value(first) }
        json.raw("{")
        for (position, name) in names.enumerated() {
            if position > 0 { json.raw(",") }
            json.string(name)
            json.raw(":")
            value(first + position)
        }
        json.raw("}")
    }

    private func secret(_ password: Roster.Password, _ answer: Rows, _ row: Int) -> String? {
        let text = answer.optionalString(row, Self.leadingColumns - 1)
        return switch password.scheme {
        case .unusable: UnusablePassword.random()
        case .given: text ?? UnusablePassword.random()
        case .djangoPBKDF2:
            // In a dry run what is not compared is not hashed, and nothing stays.
            request.isDryRun && !password.isCompared
                ? UnusablePassword.random() : text ?? UnusablePassword.random()
        }
    }
}

/// What no password is hashed to, as Django writes it: `!` and 40 random characters.
enum UnusablePassword {
    static func isOne(_ hash: String) -> Bool { hash.hasPrefix("!") }

    static func random() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return "!" + String((0..<40).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }
}
