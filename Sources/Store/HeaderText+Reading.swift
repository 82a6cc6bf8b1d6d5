import Jobs

/// Headers in the database that are not as ``HeaderText`` writes them.
public struct HeaderFault: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

extension HeaderText {
    /// Reads what ``json(_:)`` has written, byte for byte.
    static func headers(
        _ json: String
    ) throws(HeaderFault) -> [(name: String, value: [UInt8]?)] {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(Array(json.utf8))
        } catch {
            throw HeaderFault(description: "headers: \(error)")
        }
        guard document[document.root].kind == .array else {
            throw HeaderFault(description: "headers: expected a list, got something else")
        }
        var headers: [(name: String, value: [UInt8]?)] = []
        for (position, element) in document.elements(of: document.root).enumerated() {
            guard let header = header(element, of: document) else {
                throw HeaderFault(
                    description: "headers: expected a name with a value or base64, got something "
                        + "else at \(position + 1)")
            }
            headers.append(header)
        }
        return headers
    }

    private static func header(
        _ element: JSONDocument.Index, of document: JSONDocument
    ) -> (name: String, value: [UInt8]?)? {
        guard let name = document.value("name", in: element), document[name].kind == .string
        else { return nil }
        let text = document.text(of: name)
        if let value = document.value("value", in: element) {
            switch document[value].kind {
            case .null: return (text, nil)
            case .string: return (text, document.withText(of: value) { Array($0) })
            default: return nil
            }
        }
        guard let value = document.value("base64", in: element),
            document[value].kind == .string,
            let bytes = document.withText(of: value, { decodedBase64($0) })
        else { return nil }
        return (text, bytes)
    }

    /// RFC 4648 section 4, as it is written here: padded, without line breaks.
    private static func decodedBase64(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var word: UInt32 = 0
        for (position, character) in text.enumerated() {
            let isPadding = position >= text.count - padding
            guard let digit = isPadding ? 0 : base64Digit(character) else { return nil }
            word = word << 6 | digit
            guard position % 4 == 3 else { continue }
            for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(word >> shift & 0xFF)) }
            word = 0
        }
        bytes.removeLast(padding)
        return bytes
    }

    private static func base64Digit(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
