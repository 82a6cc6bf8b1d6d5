extension OneRoster {
    /// Reads CSV from bytes that come in pieces, as strictly as the binding wants it: each line is a
    /// row, and what is wrong with one is told with it.
    struct Reader {
        private let lineBytes: Int
        private var buffer: [UInt8] = []
        private var line = 1
        private var isAtStart = true
        /// A field's quotes do not close on their line: what follows belongs to them.
        private var isWithinQuotes = false
        /// The rest of a line that is too long is left out.
        private var isSkipping = false
        private var scanner = LineScanner()
        private var row = Row()

        /// - Parameter lineBytes: the most bytes of a line.
        init(lineBytes: Int) { self.lineBytes = lineBytes }

        /// Takes the next piece and gives each row that is whole by now to the body.
        mutating func read(
            _ piece: ArraySlice<UInt8>, _ body: (borrowing Row) throws -> Void
        ) rethrows {
            buffer += piece
            try readLines(isLast: false, body)
        }

        /// Gives what is left to the body.
        mutating func finish(_ body: (borrowing Row) throws -> Void) rethrows {
            try readLines(isLast: true, body)
        }

        private mutating func readLines(
            isLast: Bool, _ body: (borrowing Row) throws -> Void
        ) rethrows {
            if isAtStart {
                guard isLast || buffer.count >= 3 else { return }
                isAtStart = false
                if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { buffer.removeFirst(3) }
            }
            var start = 0
            defer { buffer.removeFirst(start) }
            while let (end, next, isBare) = lineEnd(from: start, isLast: isLast) {
                let isWhole = scan(start..<end, isBare: isBare)
                start = next
                line += 1
                if isWhole { try body(row) }
            }
            guard isSkipping || buffer.count - start > lineBytes else { return }
            let isFirst = !isSkipping
            isSkipping = true
            // Of a CR at the end it is not known yet whether a LF belongs to it.
            start = buffer.count - (buffer.last == 0x0D ? 1 : 0)
            guard isFirst else { return }
            row.begin(line: line)
            noteLength()
            try body(row)
        }

        /// - Returns: where the line ends, where the next one begins, and whether only a CR is between
        ///   them; nil if the line is not whole.
        private func lineEnd(
            from start: Int, isLast: Bool
        ) -> (end: Int, next: Int, isBare: Bool)? {
            let found = buffer.withUnsafeBufferPointer { bytes in
                var index = start
                while index < bytes.count, bytes[index] != 0x0A, bytes[index] != 0x0D { index += 1 }
                return index
            }
            guard found < buffer.count else {
                return isLast && start < buffer.count ? (found, found, false) : nil
            }
            if buffer[found] == 0x0A { return (found, found + 1, false) }
            // The other half of a CRLF may be still to come.
            guard isLast || found + 1 < buffer.count else { return nil }
            let isPair = found + 1 < buffer.count && buffer[found + 1] == 0x0A
            return (found, found + (isPair ? 2 : 1), !isPair)
        }

        /// - Returns: false for a line that is no row, because another one is said to be broken.
        private mutating func scan(_ range: Range<Int>, isBare: Bool) -> Bool {
            row.begin(line: line)
            guard !isSkipping else {
                isSkipping = false
                return false
            }
            guard range.count <= lineBytes else {
                noteLength()
                return true
            }
            let isContinued = isWithinQuotes
            isWithinQuotes = buffer.withUnsafeBufferPointer {
                scanner.scan(
                    UnsafeBufferPointer(rebasing: $0[range]), isQuoted: isContinued, into: &row)
            }
            if isContinued { return false }
            if isWithinQuotes {
                row.replaceFault(
                    .csvLineBreak, "expected a closing quote on the same line, got the line's end")
            } else if isBare {
                row.replaceFault(.csvLineEnd, "expected CRLF or LF at the end, got CR alone")
            }
            return true
        }

        private mutating func noteLength() {
            row.replaceFault(.csvLength, "expected a line of at most \(lineBytes) bytes, got more")
        }
    }
}
