import Catalog
import Jobs

/// Where the items of one key must not be executed at once, because one could see what another has
/// written.
struct WorkCuts: Sendable {
    /// Rules or effects of assigns read what jobs write: each target of a job stands alone.
    let targetsOfAssigns: Bool
    let targetsOfUnassigns: Bool
    /// Effects follow in the order of the jobs, and children take the place that others leave:
    /// assigns and unassigns are kept apart.
    let operations: Bool
    /// Effects read or write what relations write: what is there changes while a batch is executed.
    let readsItsWork: Bool

    /// - Parameters:
    ///   - written: the tables that the relation's jobs write.
    ///   - readers: what may read them under other names.
    ///   - sharesChildren: a child of one row may be in the way of another row's.
    ///   - hasTriggers: what they do follows in the order of the jobs, too.
    init(
        _ relation: Relation, written: [TableName], readers: HiddenReaders, sharesChildren: Bool,
        hasTriggers: Bool
    ) {
        let byEffects = readers.expand(
            (relation.effects.onAssign + relation.effects.onUnassign).flatMap(Self.writtenTables))
        let written = readers.expand(written.map(\.name))
        func reads(_ sql: String) -> Bool {
            written.contains { Self.mentions($0, in: sql) }
                || byEffects.contains { Self.mentions($0, in: Self.withoutWritten(sql)) }
        }
        // Who mentions the order of the items reckons with what the earlier ones do.
        func follows(_ sql: String) -> Bool {
            reads(sql) && !Self.mentions(EffectStatement.itemOrder, in: sql)
        }
        // What follows from new rows would be written before what follows from changed ones, whichever
        // job came first.
        let (new, changed) = (EffectStatement.RowSet.created, EffectStatement.RowSet.updated)
        let onNew = relation.effects.onAssign.filter { Self.mentions(new.rawValue, in: $0) }
        let onChanged = relation.effects.onAssign.filter {
            Self.mentions(changed.rawValue, in: $0) && !Self.mentions(new.rawValue, in: $0)
        }
        let meet = !Set(onNew.flatMap(Self.writtenTables)).isDisjoint(
            with: onChanged.flatMap(Self.writtenTables))
        targetsOfAssigns =
            relation.rejects.contains { reads($0.condition) }
            || relation.effects.onAssign.contains(where: follows)
            || meet
        targetsOfUnassigns =
            relation.protects.contains { reads($0.condition) }
            || relation.effects.onUnassign.contains(where: follows)
        operations = !relation.effects.isEmpty || sharesChildren || hasTriggers
        readsItsWork = (relation.effects.onAssign + relation.effects.onUnassign).contains(
            where: reads)
    }

    func targets(of operation: Assignment.Operation) -> Bool {
        operation == .assign ? targetsOfAssigns : targetsOfUnassigns
    }

    /// Whether an SQL text has a table's name in it as a word: more often true than the text reads
    /// the table.
    ///
    static func mentions(_ name: String, in sql: String) -> Bool {
        // A quote inside a quoted name stands twice.
        let name = name.lowercased().split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"")
        var rest = sql.lowercased()[...]
        while let range = rest.firstRange(of: name) {
            let before = rest[..<range.lowerBound].last
            let after = rest[range.upperBound...].first
            if before.map(isWord) != true, after.map(isWord) != true { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "$"
    }

    /// The tables after `INSERT INTO`, `UPDATE` and `DELETE FROM`, without their schemas.
    private static func writtenTables(_ sql: String) -> [String] {
        sql.lowercased().matches(of: written).filter { !notTables.contains(String($0.table)) }.map {
            String($0.table.split(separator: ".").last ?? $0.table).replacing("\"", with: "")
        }
    }

    private static func withoutWritten(_ sql: String) -> String {
        sql.lowercased().replacing(written) { "\($0.verb) " }
    }

    /// What stands after the UPDATE of `ON CONFLICT DO UPDATE` and `FOR UPDATE`.
    private static let notTables: Set = ["set", "of", "skip", "nowait"]

    private static var written: Regex<(Substring, verb: Substring, table: Substring)> {
        #/(?<verb>insert\s+into|update|delete\s+from)\s+(?<table>[\w."$]+)/#
    }
}
