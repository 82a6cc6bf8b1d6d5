import Jobs
import Postgres

/// Finds the items that the database refuses, by halving: k of n cost about 2 k log2 n statements.
///
/// What is written stays in the transaction, so that an item that only clashes with an earlier one
/// of the same batch is found too. The caller rolls everything back.
struct Isolation: EffectWriter {
    let connection: Connection
    private(set) var refused: [Int32: Rejection] = [:]

    init(connection: Connection) { self.connection = connection }

    mutating func write(_ effect: Coalescer.NetEffect, of run: inout RelationRun) throws {
        let rows = Array(Set(effect.removals + effect.assigns)).sorted()
        try write(rows[...], effect, of: &run)
    }

    private mutating func write(
        _ rows: ArraySlice<Int32>, _ effect: Coalescer.NetEffect, of run: inout RelationRun
    ) throws {
        guard let first = rows.first, let last = rows.last else { return }
        try connection.script("SAVEPOINT part")
        do {
            try run.apply(effect.part(first...last), on: connection)
            // What a deferred constraint would refuse at COMMIT is refused here.
            try connection.script("SET CONSTRAINTS ALL IMMEDIATE")
            try connection.script("RELEASE SAVEPOINT part")
        } catch let error as PostgresError where FailureClass(error) == .permanent {
            try connection.script("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            guard rows.count > 1 else {
                refused[first] = Self.rejection(error)
                return
            }
            let middle = rows.index(rows.startIndex, offsetBy: rows.count / 2)
            try write(rows[..<middle], effect, of: &run)
            try write(rows[middle...], effect, of: &run)
        }
    }

    /// The constraint is the code, as far as the database names one.
    private static func rejection(_ error: PostgresError) -> Rejection {
        let code = error.constraint ?? error.sqlState.map { "sqlstate-\($0.rawValue)" }
        // The detail of other errors shows the whole row, columns that the job did not give included.
        let namesKey = error.sqlState == .uniqueViolation || error.sqlState == .foreignKeyViolation
        let detail = namesKey ? error.detail.map { ": \($0)" } ?? "" : ""
        return Rejection(code: code ?? "refused", message: error.message + detail)
    }
}

extension Coalescer.NetEffect {
    /// What of it concerns the items of a range.
    fileprivate func part(_ range: ClosedRange<Int32>) -> Coalescer.NetEffect {
        var part = Coalescer.NetEffect()
        part.removals = removals.filter(range.contains)
        part.assigns = assigns.filter(range.contains)
        return part
    }
}
