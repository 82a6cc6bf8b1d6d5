import Catalog
import Jobs
import Postgres

/// What the items of a run give of one child table.
struct StagedChildren {
    /// An item, wherever it stands in the batch.
    struct Parent: Hashable {
        let job: Int32
        let number: Int32

        init(_ item: Staging.Item) {
            job = item.job
            number = item.number
        }
    }

    let plan: ChildPlan
    var staging: Staging
    var ofParents: [Parent: Range<Int32>] = [:]

    /// How people find a child in its job.
    func name(_ row: Int32, of parent: Parent) -> String {
        let first = ofParents[parent]?.lowerBound ?? 0
        return "\(plan.child.field)[\(row - first + 1)]"
    }
}

/// Rows that belong to the items' rows.
extension RelationRun {
    /// Reads the children that the items give; a child that cannot be read refuses its item.
    mutating func stageChildren() {
        for child in plan.children {
            var children = StagedChildren(
                plan: child,
                staging: Staging(plan: child.plan, capacity: 0, textLimit: limits.textLength))
            for row in staging.items.indices where staging.items[row].operation == .assign {
                stage(&children, of: Int32(row))
            }
            self.children.append(children)
        }
    }

    func hasChildren(_ row: Int32) -> Bool {
        let parent = StagedChildren.Parent(staging.items[Int(row)])
        return children.contains { $0.ofParents[parent] != nil }
    }

    private mutating func stage(_ children: inout StagedChildren, of row: Int32) {
        let item = staging.items[Int(row)]
        let assignment = assignment(row)
        let document = assignment.document
        let field = children.plan.child.field
        guard document[item.member].kind == .object,
            let list = MemberNode.field(field, in: item.member, document),
            document[list].kind != .null
        else { return }
        guard document[list].kind == .array else {
            let got = MessageFault.quoted(list, of: document)
            let message = "\(field): expected a list, got \(got)"
            return reject(row, Rejection(code: "invalid-value", message: message))
        }
        let first = Int32(children.staging.items.count)
        let parent = StagedChildren.Parent(item)
        for node in document.elements(of: list) {
            let child = Int32(children.staging.items.count)
            let refusal = children.staging.append(child: node, of: item, in: assignment)
            children.ofParents[parent] = first..<(child + 1)
            if let refusal, marks[Int(row)] == .open {
                reject(row, refusal.prefixed(by: children.name(child, of: parent)))
            }
        }
    }

    /// Writes the children of assigned items beside what is there.
    ///
    /// An item whose children are refused is refused with them: then everything begins anew
    /// without it.
    mutating func writeChildren(of assigns: [Int32], on connection: Connection) throws {
        let parents = assigns.filter(hasChildren)
        guard let sql = plan.sql.parents, !parents.isEmpty else { return }
        let answer = try connection.execute(sql, parameters(of: parents), binaryResult: true)
        var places: [Int32: Int] = [:]
        for place in 0..<answer.count { places[Int32(answer.int(place, 0))] = place }
        var condemned: [ItemKey: Refusal] = [:]
        for child in children {
            let fields = child.plan.parentPlaces(among: plan.sql.parentColumns).map { $0 + 1 }
            var own = Staging(for: child.staging, capacity: child.staging.items.count)
            var sources: [(parent: Int32, child: Int32)] = []
            var lastJob: (job: Int32, first: Int32)?
            for row in parents {
                let item = staging.items[Int(row)]
                guard let range = child.ofParents[StagedChildren.Parent(item)],
                    let place = places[row]
                else { continue }
                if let last = lastJob, last.job != item.job {
                    own.endJob(last.job, from: last.first)
                }
                if lastJob?.job != item.job { lastJob = (item.job, Int32(own.items.count)) }
                for staged in range {
                    own.append(
                        child: staged, of: child.staging, parent: place, fields, in: answer)
                    sources.append((row, staged))
                }
            }
            if let last = lastJob { own.endJob(last.job, from: last.first) }
            var run = RelationRun(children: own, of: self)
            if isTried, parents.count == 1 {
                try find(&run, sources, child, on: connection)
            } else {
                try run.execute(Apply(connection: connection))
            }
            for (row, source) in sources.enumerated() {
                note(run, Int32(row), source, child, &condemned)
            }
        }
        if !condemned.isEmpty { throw Restart(condemned: condemned) }
    }

    /// Writes the children of one item and tells which of them the database refuses.
    private func find(
        _ run: inout RelationRun, _ sources: [(parent: Int32, child: Int32)],
        _ child: StagedChildren, on connection: Connection
    ) throws {
        var isolation = Isolation(connection: connection)
        try run.execute(&isolation)
        guard let (row, refusal) = isolation.refused.min(by: { $0.key < $1.key }) else { return }
        let source = sources[Int(row)]
        let parent = StagedChildren.Parent(staging.items[Int(source.parent)])
        throw ChildRefused(
            rejection: refusal.rejection.prefixed(by: child.name(source.child, of: parent)))
    }

    /// Takes over what became of a child.
    private mutating func note(
        _ run: RelationRun, _ row: Int32, _ source: (parent: Int32, child: Int32),
        _ child: StagedChildren, _ condemned: inout [ItemKey: Refusal]
    ) {
        switch run.marks[Int(row)] {
        case .created, .updated:
            if marks[Int(source.parent)] == .unchanged { set(source.parent, .updated) }
        case .rejected:
            let key = key(ofRow: source.parent)
            guard condemned[key] == nil, let rejection = run.staging.rejections[row],
                rejection.code != "not-applied"
            else { return }
            let parent = StagedChildren.Parent(staging.items[Int(source.parent)])
            condemned[key] = Refusal(
                rejection: rejection.prefixed(by: child.name(source.child, of: parent)),
                isClash: false, isWritten: true)
        case .open, .unchanged, .removed, .absent, .superseded, .dropped: break
        }
    }
}

extension Rejection {
    /// The same, said of a part of the item.
    fileprivate func prefixed(by name: String) -> Rejection {
        Rejection(code: code, message: "\(name): \(message)")
    }
}

/// The database refuses a child of the one item that is written.
struct ChildRefused: Error {
    let rejection: Rejection
}
