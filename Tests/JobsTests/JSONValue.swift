import Jobs

/// A JSON value taken out of a text, so that two readers' values can be compared.
indirect enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    /// Bytes and not a String, which calls different spellings of a character equal.
    case string([UInt8])
    case array([JSONValue])
    case object([[UInt8]: JSONValue])
}

extension JSONValue {
    init(_ document: JSONDocument, _ index: JSONDocument.Index) {
        switch document[index].kind {
        case .null: self = .null
        case .bool: self = .bool(document.bool(index)!)
        case .number: self = .number(Double(document.text(of: index))!)
        case .string: self = .string(Array(document.text(of: index).utf8))
        case .array:
            self = .array(document.elements(of: index).map { JSONValue(document, $0) })
        case .object:
            var pairs: [[UInt8]: JSONValue] = [:]
            document.forEachPair(in: index) { key, value in
                pairs[Array(document.text(of: key).utf8)] = JSONValue(document, value)
            }
            self = .object(pairs)
        }
    }
}

extension JSONValue: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            var pairs: [[UInt8]: JSONValue] = [:]
            for key in container.allKeys {
                pairs[Array(key.stringValue.utf8)] = try container.decode(
                    JSONValue.self, forKey: key)
            }
            self = .object(pairs)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
            self = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let bool = try? container.decode(Bool.self) {
                self = .bool(bool)
            } else if let text = try? container.decode(String.self) {
                self = .string(Array(text.utf8))
            } else {
                self = .number(try container.decode(Double.self))
            }
        }
    }
}
