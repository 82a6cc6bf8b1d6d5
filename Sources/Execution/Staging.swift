import Catalog
import Jobs
import Postgres

/// The items of a batch for one relation, read into typed columns.
struct Staging {
    /// How a job came to have an item.
    enum Kind: UInt8 {
        /// The job names the member.
        case listed
        /// No item yet but a target of an exact job or of one for all members: the rows there that
        /// the job does not list are to go.
        case sweep
        /// A row that goes because the job does not list it.
        case swept
    }

    /// An item's place among the jobs.
    struct Item {
        let kind: Kind
        let operation: Assignment.Operation
        /// The job's position in the batch.
        let job: Int32
        /// The item's number in its job, from 1.
        let number: Int32
        /// The member's node in the job's message, for people to recognise the item by; of a row
        /// that goes unnamed the node of all members.
        let member: JSONDocument.Index
    }

    let plan: RelationPlan
    /// The items; the columns may have more rows than there are items.
    private(set) var items: [Item] = []
    /// The columns in the order of the relation's given columns.
    private(set) var columns: [StagedColumn]
    /// The items that are refused, by their position, and why.
    var rejections: [Int32: Rejection] = [:]
    /// A job's first item and the one after its last.
    private(set) var ranges: [(job: Int32, items: Range<Int32>)] = []

    /// The items that call their target or member by another name, by the number of the lookup.
    private(set) var lookups: [(lookup: Int, row: Int32, name: [UInt8])] = []

    private let readers: [ValueReader]

    init(plan: RelationPlan, capacity: Int, textLimit: Int) {
        self.plan = plan
        let given = plan.given
        columns = given.map { StagedColumn($0.type, capacity: capacity) }
        readers = given.map { ValueReader(column: $0, textLimit: textLimit) }
        items.reserveCapacity(capacity)
    }

    /// An empty staging for items of another one.
    init(for other: Staging, capacity: Int) {
        plan = other.plan
        columns = other.columns.indices.map {
            StagedColumn(other.plan.given[$0].type, capacity: capacity)
        }
        readers = other.readers
        items.reserveCapacity(capacity)
    }

    /// Reads all items of a job.
    mutating func append(_ assignment: Assignment, job: Int32) {
        let first = Int32(items.count)
        let document = assignment.document
        var number: Int32 = 0
        let count = Int32(assignment.itemCount)
        for (position, target) in assignment.targets.enumerated() {
            if assignment.sweeps {
                let number = count + Int32(position) + 1
                appendSweep(target, of: assignment, job: job, number: number)
            }
            for member in document.elements(of: assignment.members) {
                number += 1
                items.append(
                    Item(
                        kind: .listed, operation: assignment.operation, job: job, number: number,
                        member: member))
                appendRow(target: target, member: member, of: assignment)
            }
        }
        endJob(job, from: first)
    }

    /// Stages a target whose rows are to go.
    private mutating func appendSweep(
        _ target: JSONDocument.Index, of assignment: Assignment, job: Int32, number: Int32
    ) {
        let document = assignment.document
        let row = Int32(items.count)
        items.append(
            Item(
                kind: .sweep, operation: .unassign, job: job, number: number,
                member: assignment.members))
        let named = lookUp(.target, target, row, assignment)
        for index in readers.indices {
            let name = readers[index].column.name
            if index < plan.relation.target.count, named {
                columns[index].append(.missing)
                continue
            }
            guard index < plan.relation.target.count,
                let node = MemberNode.part(
                    of: target, named: name, among: plan.relation.target, document)
            else {
                columns[index].append(.missing)
                if index < plan.relation.target.count { checkPresence(of: index, row, assignment) }
                continue
            }
            read(node, index, row, assignment)
        }
    }

    private mutating func appendRow(
        target: JSONDocument.Index, member: JSONDocument.Index, of assignment: Assignment
    ) {
        let document = assignment.document
        let relation = plan.relation
        let row = Int32(items.count - 1)
        let item = MemberNode(member, of: assignment, relation: relation)
        if let unknown = item.unknownField {
            reject(row, "unknown-attribute", unknown)
        }
        let namesTarget = lookUp(.target, target, row, assignment)
        let namesMember = lookUp(.member, item.value, row, assignment)
        for index in readers.indices {
            let name = readers[index].column.name
            let isTarget = index < relation.target.count
            let isMember = !isTarget && index < plan.attributePositions.lowerBound
            if isTarget && namesTarget || isMember && namesMember {
                columns[index].append(.missing)
                continue
            }
            let node: JSONDocument.Index?
            if index < relation.target.count {
                node = MemberNode.part(of: target, named: name, among: relation.target, document)
            } else if index < relation.target.count + relation.member.count {
                node = item.part(named: name)
            } else {
                node = item.attribute(name)
            }
            guard let node else {
                columns[index].append(.missing)
                checkPresence(of: index, row, assignment)
                continue
            }
            read(node, index, row, assignment)
        }
    }

    /// Reads a child of an item; its target, the parent's row, is not known yet.
    ///
    /// - Returns: why it is refused.
    mutating func append(
        child node: JSONDocument.Index, of item: Item, in assignment: Assignment
    ) -> Rejection? {
        let document = assignment.document
        let row = Int32(items.count)
        items.append(item)
        let isObject = document[node].kind == .object
        let names = plan.relation.member + plan.relation.attributes
        if isObject {
            document.forEachPair(in: node) { key, _ in
                guard !names.contains(document.text(of: key)) else { return }
                reject(
                    row, "unknown-attribute",
                    "expected \(names.joined(separator: ", ")), "
                        + "got \(MessageFault.quoted(key, of: document))")
            }
        } else if names.count > 1 {
            let got = MessageFault.quoted(node, of: document)
            reject(row, "invalid-value", "expected an object, got \(got)")
        }
        for index in readers.indices {
            guard index >= plan.relation.target.count else {
                columns[index].append(.missing)
                continue
            }
            let name = readers[index].column.name
            let value = isObject ? MemberNode.field(name, in: node, document) : node
            if let value, isObject || names.count == 1 {
                read(value, index, row, assignment)
            } else {
                columns[index].append(.missing)
                checkPresence(of: index, row, assignment)
            }
        }
        return rejections[row]
    }

    /// Appends a child of another staging, now that its parent's row is known.
    ///
    /// - Parameter fields: where the answer has the values of the target's columns.
    mutating func append(
        child row: Int32, of other: Staging, parent: Int, _ fields: [Int], in answer: Rows
    ) {
        items.append(other.items[Int(row)])
        for position in columns.indices {
            if position < fields.count {
                columns[position].append(parent, fields[position], of: answer)
            } else {
                columns[position].append(Int(row), of: other.columns[position])
            }
        }
    }

    /// Notes the name by which an item calls its target or member, if it does.
    private mutating func lookUp(
        _ side: Lookup.Side, _ node: JSONDocument.Index, _ row: Int32, _ assignment: Assignment
    ) -> Bool {
        let document = assignment.document
        guard !plan.relation.lookups.isEmpty, document[node].kind == .object else { return false }
        for (number, lookup) in plan.relation.lookups.enumerated() where lookup.side == side {
            guard let value = MemberNode.field(lookup.field, in: node, document) else { continue }
            switch document[value].kind {
            case .string, .number:
                lookups.append((number, row, document.withText(of: value) { Array($0) }))
            case .array, .object, .bool, .null:
                let got = MessageFault.quoted(value, of: document)
                reject(row, "invalid-value", "\(lookup.field): expected a name, got \(got)")
            }
            return true
        }
        return false
    }

    /// Reads a value into its column.
    private mutating func read(
        _ node: JSONDocument.Index, _ index: Int, _ row: Int32, _ assignment: Assignment
    ) {
        let document = assignment.document
        if let expected = readers[index].read(node, of: document, into: &columns[index]) {
            let name = readers[index].column.name
            let got =
                plan.relation.secrets.contains(name)
                ? "one that is not shown" : MessageFault.quoted(node, of: document)
            reject(row, "invalid-value", "\(name): expected \(expected), got \(got)")
        } else if document[node].kind == .null {
            checkPresence(of: index, row, assignment)
        }
    }

    /// Refuses an item without a value that its row needs.
    private mutating func checkPresence(of index: Int, _ row: Int32, _ assignment: Assignment) {
        let column = readers[index].column
        let isKey = index < plan.relation.target.count + plan.relation.member.count
        let isNull = columns[index].states[Int(row)] == .null
        let isNeeded =
            isKey
            || assignment.operation == .assign
                && (isNull ? column.isRequired : !column.canBeOmitted)
        guard isNeeded else { return }
        reject(
            row, "missing-value",
            "\(column.name): expected a value, got \(isNull ? "null" : "none")")
    }

    /// Appends the rows of the items' targets that an answer has, after all items.
    mutating func append(present answer: Rows) {
        for row in 0..<answer.count {
            var field = 0
            for position in columns.indices {
                if position < plan.attributePositions.lowerBound
                    || plan.identityAttributes.contains(position)
                {
                    columns[position].append(row, field, of: answer)
                    field += 1
                } else {
                    columns[position].append(.missing)
                }
            }
        }
    }

    /// Gives items a value for an attribute that they left out.
    ///
    /// - Parameter values: appends the value of a row.
    mutating func complete(
        _ position: Int, _ rows: Set<Int32>, _ value: (Int32, inout StagedColumn) -> Void
    ) {
        let old = columns[position]
        var new = StagedColumn(plan.given[position].type, capacity: old.count)
        for row in 0..<old.count {
            if old.states[row] == .missing, rows.contains(Int32(row)) {
                value(Int32(row), &new)
            } else {
                new.append(row, of: old)
            }
        }
        columns[position] = new
    }

    /// Appends an item of another staging as it is.
    mutating func append(_ row: Int32, of other: Staging) {
        rejections[Int32(items.count)] = other.rejections[row]
        items.append(other.items[Int(row)])
        for position in columns.indices {
            columns[position].append(Int(row), of: other.columns[position])
        }
    }

    /// Appends an item for a row of another staging that goes unnamed.
    mutating func append(swept row: Int32, of other: Staging, _ item: Item) {
        items.append(item)
        for position in columns.indices {
            // It is about this row alone: nothing but its identity is asked for.
            if position < plan.attributePositions.lowerBound
                || plan.identityAttributes.contains(position)
            {
                columns[position].append(Int(row), of: other.columns[position])
            } else {
                columns[position].append(.missing)
            }
        }
    }

    /// Ends a job whose items have been appended from the given one on.
    mutating func endJob(_ job: Int32, from first: Int32) {
        ranges.append((job, first..<Int32(items.count)))
    }

    /// Whether an item says which row it is about, rejected or not.
    func names(_ row: Int32) -> Bool {
        items[Int(row)].kind == .listed
            && (0..<plan.attributePositions.lowerBound).allSatisfy {
                columns[$0].states[Int(row)] == .value
            }
    }

    /// A row's identity as a text, the same in every attempt.
    func rowText(_ row: Int32) -> String {
        let positions =
            Array(0..<plan.attributePositions.lowerBound) + plan.identityAttributes
        return positions.map { position in
            columns[position].states[Int(row)] == .value
                ? columns[position].text(Int(row), limit: .max) : "\0"
        }.joined(separator: "\u{1F}")
    }

    /// Keeps the first reason for which an item is refused.
    mutating func reject(_ row: Int32, _ code: String, _ message: String) {
        if rejections[row] == nil {
            rejections[row] = Rejection(code: code, message: message)
        }
    }

    /// The member of an item as the job gave it, or as the row has it.
    func memberText(_ row: Int, of assignment: Assignment) -> String {
        // All of an item may hold what is shown to nobody.
        guard items[row].kind == .swept || !plan.relation.secrets.isEmpty else {
            return MemberNode(items[row].member, of: assignment, relation: plan.relation).text
        }
        let count = plan.relation.target.count
        return columns[count..<(count + plan.relation.member.count)]
            .map { $0.states[row] == .value ? $0.text(row) : "" }.joined(separator: ", ")
    }
}
