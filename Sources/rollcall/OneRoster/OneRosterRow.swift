extension OneRoster {
    /// A line of a file and its fields, without their quotes.
    struct Row {
        /// The physical line, from 1.
        fileprivate(set) var line = 0
        /// The first thing that is wrong with the line as CSV; its fields mean nothing then.
        fileprivate(set) var fault: Fault?
        /// The fields one after the other.
        private var bytes: [UInt8] = []
        private var ends: [Int] = []

        var count: Int { ends.count }

        /// It is an empty line.
        var isBlank: Bool { ends.count == 1 && bytes.isEmpty }

        subscript(field: Int) -> ArraySlice<UInt8> {
            bytes[(field == 0 ? 0 : ends[field - 1])..<ends[field]]
        }

        func string(_ field: Int) -> String { String(decoding: self[field], as: UTF8.self) }

        mutating func begin(line: Int) {
            self.line = line
            fault = nil
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
        }

        mutating func append(_ text: Slice<UnsafeBufferPointer<UInt8>>) {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text))
        }

        mutating func endField() { ends.append(bytes.count) }

        /// Keeps the first fault.
        mutating func note(_ code: Code, _ message: String) {
            guard fault == nil else { return }
            fault = Fault(code, line: line, column: "column \(count + 1)", message)
        }

        /// Puts one fault before all others.
        mutating func replaceFault(_ code: Code, _ message: String) {
            fault = nil
            note(code, message)
        }
    }
}

extension OneRoster {
    /// Finds the fields of a line that is whole.
    struct LineScanner {
        /// All bytes of the line in one, to know whether any is beyond ASCII.
        private var seen: UInt8 = 0

        /// Reads the fields of a line.
        ///
        /// - Parameters:
        ///   - line: without its line break.
        ///   - isQuoted: it begins within quotes that another line has opened.
        /// - Returns: whether it ends within quotes.
        mutating func scan(
            _ line: UnsafeBufferPointer<UInt8>, isQuoted: Bool, into row: inout Row
        ) -> Bool {
            seen = 0
            var position = 0
            var isQuoted = isQuoted
            while true {
                if !isQuoted, position < line.count, line[position] == UInt8(ascii: "\"") {
                    isQuoted = true
                    position += 1
                }
                if isQuoted {
                    guard quotedField(line, &position, &row) else { return true }
                    isQuoted = false
                    if position < line.count, line[position] != UInt8(ascii: ",") {
                        row.note(
                            .csvQuote,
                            "expected a comma or the end of the line behind a closing quote")
                    }
                }
                plainField(line, &position, &row)
                row.endField()
                guard position < line.count else { break }
                position += 1
            }
            if seen >= 0x80, let place = Self.firstInvalid(line) {
                row.replaceFault(
                    .csvEncoding,
                    "expected UTF-8, got the byte 0x\(String(line[place], radix: 16, uppercase: true)) "
                        + "as byte \(place + 1) of the line")
                // It is a place of the line, and no field's.
                row.forgetColumn()
            }
            return false
        }

        /// - Returns: false if the quotes do not close.
        private mutating func quotedField(
            _ line: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ row: inout Row
        ) -> Bool {
            var start = position
            while position < line.count {
                let byte = line[position]
                seen |= byte
                position += 1
                if byte == 0 { Self.noteNull(&row) }
                guard byte == UInt8(ascii: "\"") else { continue }
                row.append(line[start..<(position - 1)])
                guard position < line.count, line[position] == UInt8(ascii: "\"") else {
                    return true
                }
                // A doubled quote is one.
                start = position
                position += 1
            }
            return false
        }

        private mutating func plainField(
            _ line: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ row: inout Row
        ) {
            let start = position
            while position < line.count, line[position] != UInt8(ascii: ",") {
                let byte = line[position]
                seen |= byte
                if byte == 0 { Self.noteNull(&row) }
                if byte == UInt8(ascii: "\"") {
                    row.note(
                        .csvQuote, "expected quotes around the whole field, got one within it")
                }
                position += 1
            }
            row.append(line[start..<position])
        }

        private static func noteNull(_ row: inout Row) {
            row.note(.csvNull, "expected text without NUL, got a NUL byte")
        }

        private static func firstInvalid(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
            var parser = Unicode.UTF8.ForwardParser()
            var bytes = line.makeIterator()
            var place = 0
            while true {
                switch parser.parseScalar(from: &bytes) {
                case .valid(let scalar): place += scalar.count
                case .error: return place
                case .emptyInput: return nil
                }
            }
        }
    }
}

extension OneRoster.Row {
    fileprivate mutating func forgetColumn() { fault?.column = nil }
}
