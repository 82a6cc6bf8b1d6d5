import Jobs
import Postgres

/// Why the database refuses an item.
struct Refusal {
    let rejection: Rejection
    /// It clashes with another row, and may not without that row.
    let isClash: Bool
    /// It was refused when it was written, and not already when it was read.
    var isWritten = false
}

/// Finds the items that the database refuses, by halving: k of n cost about 2 k log2 n statements.
///
/// What is written stays in the transaction, so that an item that only clashes with an earlier one
/// of the same batch is found too, and so that items are written that the database takes one after
/// the other but not at once.
struct Isolation: EffectWriter {
    let connection: Connection
    let outlivesRefusals = true
    private(set) var refused: [Int32: Refusal] = [:]

    init(connection: Connection) { self.connection = connection }

    mutating func write(_ effect: Coalescer.NetEffect, of run: inout RelationRun) throws {
        let rows = Array(Set(effect.removals + effect.assigns)).sorted()
        let found = try halve(rows[...], unnamed: nil) { connection, rows in
            guard let first = rows.first, let last = rows.last else { return }
            run.isTried = rows.count == 1
            try run.apply(effect.part(first...last), on: connection)
            // What a deferred constraint would refuse at COMMIT is refused here.
            try connection.script("SET CONSTRAINTS ALL IMMEDIATE")
        }
        for row in found.keys { refused[row]?.isWritten = true }
    }

    mutating func sift(
        _ rows: [Int32], unnamed code: String?, _ query: ([Int32]) throws -> Void
    ) throws -> [Int32: Rejection] {
        try halve(rows[...], unnamed: code) { _, rows in try query(Array(rows)) }
    }

    mutating func move(_ places: [Int32]) {
        refused = Dictionary(
            uniqueKeysWithValues: refused.compactMap { row, refusal in
                places[Int(row)] < 0 ? nil : (places[Int(row)], refusal)
            })
    }

    /// Does something with the rows, then with halves of them where it fails.
    ///
    /// - Parameter code: the code of a refusal for which the database names no constraint, where
    ///   nothing is done but to read values.
    /// - Returns: the rows for which it failed alone.
    private mutating func halve(
        _ rows: ArraySlice<Int32>, unnamed code: String?,
        _ act: (Connection, ArraySlice<Int32>) throws -> Void
    ) throws -> [Int32: Rejection] {
        guard let first = rows.first else { return [:] }
        try connection.script("SAVEPOINT part")
        do {
            try act(connection, rows)
            try connection.script("RELEASE SAVEPOINT part")
            return [:]
        } catch let error as ChildRefused {
            try connection.script("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            refused[first] = Refusal(rejection: error.rejection, isClash: false)
            return [first: error.rejection]
        } catch let error as PostgresError where FailureClass(error).mayBeAnItems {
            try connection.script("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            guard try FailureClass(error) == .permanent || isOfAValue(code, error, act) else {
                throw error
            }
            guard rows.count > 1 else {
                let rejection = Self.rejection(error, unnamed: code)
                refused[first] = Refusal(rejection: rejection, isClash: Self.isClash(error))
                return [first: rejection]
            }
            let middle = rows.index(rows.startIndex, offsetBy: rows.count / 2)
            let left = try halve(rows[..<middle], unnamed: code, act)
            let right = try halve(rows[middle...], unnamed: code, act)
            return left.merging(right) { left, _ in left }
        }
    }

    /// Whether what a query of nothing but values fails with is the fault of a value.
    ///
    /// Some types refuse a text with the codes of an error in the SQL itself, as tsquery and
    /// regclass do. Such a query succeeds without values.
    private func isOfAValue(
        _ code: String?, _ error: PostgresError,
        _ act: (Connection, ArraySlice<Int32>) throws -> Void
    ) throws -> Bool {
        // A statement that the database has planned has no syntax error but in a value.
        guard code != nil || error.sqlState?.rawValue == "42601" else { return false }
        try connection.script("SAVEPOINT part")
        do {
            try act(connection, [])
            try connection.script("RELEASE SAVEPOINT part")
            return true
        } catch is PostgresError {
            try connection.script("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            return false
        }
    }

    /// The constraint is the code, as far as the database names one.
    private static func rejection(_ error: PostgresError, unnamed: String?) -> Rejection {
        let code =
            error.constraint ?? unnamed ?? error.sqlState.map { "sqlstate-\($0.rawValue)" }
        // The detail of other errors shows the whole row, columns that the job did not give included.
        let namesKey = error.sqlState == .uniqueViolation || error.sqlState == .foreignKeyViolation
        let detail = namesKey ? error.detail.map { ": \($0)" } ?? "" : ""
        return Rejection(code: code ?? "refused", message: error.message + detail)
    }

    private static func isClash(_ error: PostgresError) -> Bool {
        error.sqlState == .uniqueViolation || error.sqlState == .exclusionViolation
    }
}

extension RelationRun {
    /// Writes what the database takes and returns the items that it refuses.
    mutating func executeInParts(on connection: Connection) throws -> [ItemKey: Refusal] {
        var isolation = Isolation(connection: connection)
        try execute(&isolation)
        // With its refused item an atomic job is gone: what clashed with its rows may not clash, and
        // its own rows are not as the items after it found them.
        let gone = isolation.refused.keys.filter(isAtomic)
        let firstGone = gone.min()
        let jobsGone = firstJobs(withOneOf: gone)
        var refused: [ItemKey: Refusal] = [:]
        var identities: Set<Int32> = []
        for (row, refusal) in isolation.refused.sorted(by: { $0.key < $1.key }) {
            if refusal.isClash, let firstGone, row > firstGone { continue }
            let jobGone = jobsGone[identity(ofRow: row)]
            if refusal.isWritten, let jobGone, jobGone < staging.items[Int(row)].job {
                continue
            }
            // Items that a refused one hid were not written before the next one of its row.
            let isFirst = identities.insert(identity(ofRow: row)).inserted
            if refusal.isWritten, !isFirst { continue }
            refused[key(ofRow: row)] = refusal
        }
        return refused
    }
}

extension FailureClass {
    /// Something that one item alone may be the reason for.
    var mayBeAnItems: Bool { self == .permanent || self == .schema }
}

extension Coalescer.NetEffect {
    /// What of it concerns the items of a range.
    fileprivate func part(_ range: ClosedRange<Int32>) -> Coalescer.NetEffect {
        var part = Coalescer.NetEffect()
        part.removals = removals.filter(range.contains)
        part.assigns = assigns.filter(range.contains)
        part.replacements = replacements.filter { range.contains($0.key) }
        return part
    }
}
