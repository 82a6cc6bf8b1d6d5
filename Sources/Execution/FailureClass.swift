import Postgres

/// What an error of the database means for the work at hand.
public enum FailureClass: Sendable {
    /// The database is away, full or read-only: nobody's work is at fault. It is tried again for as
    /// long as it lasts.
    case infrastructure
    /// The tables are not as they were, or are forbidden: as above, for what writes these tables.
    case schema
    /// A lock was not to be had in time: somebody holds a table or a row.
    case lock
    /// Another transaction was in the way, and one of the two had to give way: try again.
    case contention
    /// A statement took too long: try again with less at once.
    case timeout
    /// Something that a job asked for cannot be written, however often it is tried.
    case permanent

    /// Classes by the appendix "PostgreSQL Error Codes" of the manual.
    public init(_ error: PostgresError) {
        guard let state = error.sqlState, !error.isConnectionLost else {
            self = .infrastructure
            return
        }
        switch state {
        case .queryCanceled: self = .timeout
        case .lockNotAvailable: self = .lock
        default:
            switch state.class {
            // Transaction rollback: deadlock, serialization failure.
            case "40": self = .contention
            // A trigger or a policy refuses a row with whatever code it likes, but for those by which
            // a transaction gives way or resources are short.
            case let name where name != "53" && Self.refusesRows(error): self = .permanent
            // Syntax error or access rule violation, invalid schema name, a table that cannot be
            // written as it is (in use, without the identity that a publication needs), internal error.
            case "42", "3F", "55", "XX": self = .schema
            // Connection, transaction state (read-only), session, authorization, database name,
            // resources, operator intervention, system error, configuration.
            case "08", "25", "26", "28", "3D", "53", "57", "58", "F0": self = .infrastructure
            // What a value, a constraint, a function or a limit of the server refuses; triggers
            // raise codes of their own.
            default: self = .permanent
            }
        }
    }

    /// Whether RAISE in PL/pgSQL or a row-level policy said it, and not the server of itself
    /// (`exec_stmt_raise` in pl_exec.c, `ExecWithCheckOptions` in execMain.c).
    private static func refusesRows(_ error: PostgresError) -> Bool {
        error.routine == "exec_stmt_raise" || error.routine == "ExecWithCheckOptions"
    }
}
