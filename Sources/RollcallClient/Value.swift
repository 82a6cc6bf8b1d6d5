import Jobs

/// A value of a job: a target, a member, an attribute.
///
/// It is what JSON can say; what it means is decided by the worker against the column's type, so
/// that `42` and `"42"` are the same for an integer column.
public enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int)
    /// A number as JSON writes it, digit by digit, for those that are no `Int`: `"12.50"`, `"1e30"`.
    case number(String)
    case string(String)
    case array([Value])
    /// For example the lookup `["username": "ada"]`, where the catalog declares one.
    case object([String: Value])
}

extension Value {
    /// A value of a JSON text, numbers digit by digit.
    public init(_ document: JSONDocument, _ index: JSONDocument.Index) {
        switch document[index].kind {
        case .null: self = .null
        case .bool: self = .bool(document.bool(index) == true)
        case .string: self = .string(document.text(of: index))
        case .number:
            let text = document.text(of: index)
            // "-0" and the like would come back as another text.
            let number = Int(text).flatMap { "\($0)" == text ? $0 : nil }
            self = number.map { .int($0) } ?? .number(text)
        case .array: self = .array(document.elements(of: index).map { Value(document, $0) })
        case .object:
            var pairs: [String: Value] = [:]
            document.forEachPair(in: index) { key, value in
                pairs[document.text(of: key)] = Value(document, value)
            }
            self = .object(pairs)
        }
    }
}

extension Value {
    /// The value as a JSON text.
    ///
    /// - Throws: `invalid-data` for a ``number(_:)`` that is none in JSON.
    public func json() throws(MessageFault) -> [UInt8] {
        var writer = JSONWriter()
        try writer.value(self)
        return writer.bytes
    }
}

extension Value: ExpressibleByNilLiteral {
    public init(nilLiteral: ()) { self = .null }
}

extension Value: ExpressibleByBooleanLiteral {
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension Value: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self = .int(value) }
}

extension Value: ExpressibleByFloatLiteral {
    public init(floatLiteral value: Double) { self = .number("\(value)") }
}

extension Value: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self = .string(value) }
}

extension Value: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
}

extension Value: ExpressibleByDictionaryLiteral {
    /// The last value counts where a key is repeated, as in JSON.
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
