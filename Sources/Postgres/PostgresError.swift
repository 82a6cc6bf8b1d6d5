/// What Postgres, or the connection to it, had to say instead of doing what was asked.
///
/// The texts are the server's own. `message` and `detail` may quote values of rows; `description`
/// leaves out `detail`, `hint` and quoted input, so that it can be logged.
public struct PostgresError: Error, Sendable {
    /// The server's code, or nil when the connection failed or was lost, or the client side failed.
    public let sqlState: SQLState?
    /// The server's primary message, or libpq's when there is no answer of the server.
    public let message: String
    /// More about the cause. It often quotes row values, such as `Key (id)=(7) already exists.`
    public let detail: String?
    /// What the server suggests to do.
    public let hint: String?
    /// The constraint that was violated.
    public let constraint: String?
    /// The schema of the table.
    public let schema: String?
    /// The table that the error is about.
    public let table: String?
    /// The column that the error is about.
    public let column: String?
    /// The data type that the error is about.
    public let dataType: String?
    /// The function in the server's source that reported it: unlike the message, the same in all
    /// languages.
    public let routine: String?
    /// What was being done, for example ``executing `INSERT INTO t …` ``.
    ///
    /// It has the beginning of the SQL on one line, and never the values of parameters.
    public let doing: String
    /// Whether the connection is gone, so that only a new one (``Connection/reconnect()``) helps.
    ///
    /// When it is lost during `COMMIT`, nobody on this side knows whether the commit happened.
    public let isConnectionLost: Bool

    public init(
        sqlState: SQLState?, message: String, detail: String? = nil, hint: String? = nil,
        constraint: String? = nil, schema: String? = nil, table: String? = nil,
        column: String? = nil, dataType: String? = nil, routine: String? = nil, doing: String,
        isConnectionLost: Bool = false
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
        self.schema = schema
        self.table = table
        self.column = column
        self.dataType = dataType
        self.routine = routine
        self.doing = doing
        self.isConnectionLost = isConnectionLost
    }
}

extension PostgresError: CustomStringConvertible {
    /// One line: code, cause, and the act that it interrupted.
    ///
    /// Safe to log.
    public var description: String {
        let code = sqlState.map { " \($0)" } ?? ""
        return "Postgres error\(code): \(loggableMessage) - while \(doing)"
    }

    /// The message without the offending input, which class 22 (data exceptions) quotes.
    private var loggableMessage: String {
        guard sqlState?.class == "22" else { return message }
        return maskingQuoted(message) { _ in false }
    }
}

/// Replaces what stands between double quotes by three asterisks, unless `isHarmless` says otherwise.
///
/// - Parameter symbols: Characters that may stay when they stand between quotes alone, as long as
///   nothing else was quoted before them.
func maskingQuoted(
    _ text: String, symbols: Set<Character> = [], unless isHarmless: (Substring) -> Bool
) -> String {
    let quotes = text.indices.filter { text[$0] == "\"" }
    var pairs = quotes[...]
    while let first = pairs.first, let second = pairs.dropFirst().first,
        text.distance(from: first, to: second) == 2,
        symbols.contains(text[text.index(after: first)])
    {
        pairs = pairs.dropFirst(2)
    }
    guard let first = pairs.first, let last = quotes.last, first < last else { return text }
    let quoted = text[text.index(after: first)..<last]
    if isHarmless(quoted) { return text }
    // From the first to the last quote: the masked text may itself contain quotes.
    return text[...first] + "***" + text[last...]
}

/// The words for `doing`: the beginning of a statement, on one line.
func executing(_ sql: String) -> String {
    let shownMax = 120
    var line = ""
    var shown = 0
    for word in sql.split(maxSplits: shownMax, whereSeparator: \.isWhitespace) {
        if shown > 0 { line += " " }
        line += word
        shown += word.count + 1
        if shown > shownMax { break }
    }
    if line.count > shownMax { line = line.prefix(shownMax - 1) + "…" }
    return "executing `\(line)`"
}
