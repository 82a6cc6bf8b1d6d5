internal import CLibpq

extension PostgresError {
    /// Reads everything that libpq knows about a failed statement, in this one place.
    ///
    /// The corresponding C function is `PQresultErrorField`.
    init(_ result: borrowing ResultHandle, doing: String, isConnectionLost: Bool) {
        let state = result.errorField(diagSQLState).map(SQLState.init(rawValue:))
        self.init(
            sqlState: state,
            message: result.errorField(diagMessage) ?? oneLine(result.errorMessage),
            detail: result.errorField(diagDetail),
            hint: result.errorField(diagHint),
            constraint: result.errorField(diagConstraint),
            schema: result.errorField(diagSchema),
            table: result.errorField(diagTable),
            column: result.errorField(diagColumn),
            dataType: result.errorField(diagDataType),
            routine: result.errorField(diagRoutine),
            doing: doing,
            // Without a code it is libpq that speaks, and only about trouble with the connection.
            isConnectionLost: isConnectionLost || state == nil || endsSession(result))
    }

    /// The error for a call that libpq answered without a result.
    ///
    /// The corresponding C function is `PQerrorMessage`.
    init(_ connection: borrowing ConnectionHandle, doing: String) {
        self.init(
            sqlState: nil, message: oneLine(connection.errorMessage), doing: doing,
            isConnectionLost: !connection.isConnected)
    }
}

/// Whether the server, or the pooler before it, closes the session after this error.
///
/// The severity says so, and not the code: a foreign table raises 08006 for a connection of its own.
/// A pooler may leave out the severity that is the same in all languages.
private func endsSession(_ result: borrowing ResultHandle) -> Bool {
    let severity = result.errorField(diagSeverity) ?? result.errorField(diagSeverityLocalized)
    return severity == "FATAL" || severity == "PANIC"
}

/// Libpq's texts end with a line break and may have several lines; a log wants one.
func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline)
        .map { $0.trimmingPrefix(while: \.isWhitespace) }
        .joined(separator: "; ")
}
