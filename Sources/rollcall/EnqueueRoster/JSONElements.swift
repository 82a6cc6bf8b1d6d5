/// Finds the elements of a JSON list, or the values that stand one after the other as in JSON Lines,
/// in bytes that come in pieces; what an element is inside is left to others.
struct JSONElements {
    private enum Place {
        /// Before everything.
        case start
        /// Where an element may begin; in a list after a comma one must.
        case before(mayEnd: Bool)
        case inside
        /// Behind an element of a list.
        case after
        /// Behind the list.
        case end
    }

    private let limit: Int
    private var place = Place.start
    private var isList = false
    private var element: [UInt8] = []
    private var depth = 0
    private var isQuoted = false
    private var isEscaped = false
    /// The physical line of the next byte, from 1.
    private(set) var line = 1
    private var elementLine = 1

    /// - Parameter limit: the most bytes of an element.
    init(limit: Int) { self.limit = limit }

    /// Takes the next piece and gives each element that is whole by now to the body.
    mutating func read(
        _ piece: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>, _ line: Int) throws -> Void
    ) throws {
        try piece.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                guard case .inside = place else {
                    try readBetween(bytes[position])
                    position += 1
                    continue
                }
                let end = readInside(bytes, from: position)
                element.append(contentsOf: bytes[position..<end])
                position = end
                guard element.count <= limit else {
                    throw RosterFileFault(
                        line: elementLine, "expected a row of at most \(limit) bytes, got more")
                }
                guard depth == 0 else { continue }
                place = isList ? .after : .before(mayEnd: true)
                try body(element[...], elementLine)
            }
        }
    }

    mutating func finish() throws {
        switch place {
        case .inside: throw unexpected("the end of a row that begins on line \(elementLine)", nil)
        case .before where isList, .after: throw unexpected("']'", nil)
        case .start, .before, .end: break
        }
    }

    private mutating func readBetween(_ byte: UInt8) throws {
        switch (byte, place) {
        // Blanks, and a byte order mark before everything.
        case (UInt8(ascii: "\n"), _): line += 1
        case (0x20, _), (0x09, _), (0x0D, _): break
        case (0xEF, .start), (0xBB, .start), (0xBF, .start): break
        case (UInt8(ascii: "["), .start):
            isList = true
            place = .before(mayEnd: true)
        case (UInt8(ascii: "{"), .start), (UInt8(ascii: "{"), .before):
            place = .inside
            element = [byte]
            elementLine = line
            depth = 1
        case (UInt8(ascii: ","), .after): place = .before(mayEnd: false)
        case (UInt8(ascii: "]"), .after): place = .end
        case (UInt8(ascii: "]"), .before(mayEnd: true)) where isList: place = .end
        case (_, .after): throw unexpected("',' or ']'", byte)
        case (_, .end): throw unexpected("nothing behind the list", byte)
        default: throw unexpected("an object", byte)
        }
    }

    /// - Returns: where the element ends; the end of the piece while it does not.
    private mutating func readInside(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int {
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\n"): line += 1
            case _ where isQuoted: break
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return position }
            default: break
            }
        }
        return position
    }

    private func unexpected(_ expected: String, _ byte: UInt8?) -> RosterFileFault {
        let got =
            switch byte {
            case nil: "the end of the file"
            case .some(let byte) where byte > 0x20 && byte < 0x7F:
                "'\(Character(Unicode.Scalar(byte)))'"
            case .some(let byte): "the byte 0x\(String(byte, radix: 16, uppercase: true))"
            }
        return RosterFileFault(line: line, "expected \(expected), got \(got)")
    }
}
