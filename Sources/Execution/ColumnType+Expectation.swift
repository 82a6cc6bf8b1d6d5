import Catalog

extension ColumnType {
    /// What a job can give for the type, in words.
    func expectation(textLimit: Int) -> String {
        switch self {
        case .int16: "a whole number from \(Int16.min) to \(Int16.max)"
        case .int32: "a whole number from \(Int32.min) to \(Int32.max)"
        case .int64: "a whole number from \(Int64.min) to \(Int64.max)"
        case .oid: "a whole number from 0 to \(UInt32.max)"
        case .boolean: "true or false"
        case .uuid: "a UUID"
        case .text(.bytes(let limit)): "a text of at most \(limit) bytes without NUL"
        case .text(.characters(let limit)), .character(let limit):
            "a text of at most \(limit) characters without NUL"
        case .text(nil): "a text of at most \(textLimit) characters without NUL"
        case .numeric(let shape):
            shape.map { "a decimal number that fits numeric(\($0.precision),\($0.scale))" }
                ?? "a decimal number of at most 1000 digits"
        case .float32, .float64: "a decimal number"
        case .date: "a date such as 2026-11-21"
        case .timestamp: "a time such as 2026-11-21T08:00:00"
        case .timestampWithZone: "a time such as 2026-11-21T08:00:00Z"
        case .enumeration(let labels): "one of \(labels.joined(separator: ", "))"
        case .bytes: "a text of hexadecimal digits for at most \(textLimit) bytes"
        case .bits(let limit, let isVarying):
            "a text of \(isVarying ? "at most " : "")\(limit ?? textLimit) digits 0 and 1"
        case .json: "a JSON value of at most \(textLimit) characters"
        case .array(let element, separator: _):
            "a list of at most \(textLimit) characters in all, each element "
                + "\(element.expectation(textLimit: textLimit)), or null"
        case .other(let name):
            "a text for \(name) of at most \(textLimit) characters without NUL"
        }
    }
}
