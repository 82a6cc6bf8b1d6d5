extension OneRoster {
    /// What values look like.
    enum Values {
        static func isIdentifier(_ text: ArraySlice<UInt8>) -> Bool {
            text.count <= 255 && !text.isEmpty
                && text.allSatisfy { byte in
                    isWord(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "@")
                }
        }

        /// Letters, digits, `.`, `-` and `_`.
        private static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }

        static func isBoolean(_ text: ArraySlice<UInt8>) -> Bool {
            text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8)
        }

        static func isYear(_ text: ArraySlice<UInt8>) -> Bool { isShaped(text, "0000") }

        /// `2027-01-31`, a day that there is.
        static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
            guard isShaped(text, "0000-00-00") else { return false }
            let year = number(text.prefix(4))
            let month = number(text.dropFirst(5).prefix(2))
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            return 1...12 ~= month && 1...days[month - 1] ~= number(text.suffix(2))
        }

        /// `2027-01-31T12:00:00.000Z`.
        static func isTimestamp(_ text: ArraySlice<UInt8>) -> Bool {
            isShaped(text, "0000-00-00T00:00:00.000Z") && isDate(text.prefix(10))
                && number(text.dropFirst(11).prefix(2)) < 24
                && number(text.dropFirst(14).prefix(2)) < 60
                && number(text.dropFirst(17).prefix(2)) < 60
        }

        static func isChoice(_ text: ArraySlice<UInt8>, of words: [String]) -> Bool {
            words.contains { text.elementsEqual($0.utf8) } || isExtension(text)
        }

        /// `ext:` and a word.
        static func isExtension(_ text: ArraySlice<UInt8>) -> Bool {
            text.count > 4 && text.starts(with: "ext:".utf8) && text.dropFirst(4).allSatisfy(isWord)
        }

        /// The elements of a list in one field.
        static func elements(_ text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
            text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        }

        /// `{type:id}`.
        static func isTypedID(_ text: ArraySlice<UInt8>) -> Bool {
            guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count > 2
            else { return false }
            let inside = text.dropFirst().dropLast()
            guard let colon = inside.firstIndex(of: UInt8(ascii: ":")) else { return false }
            return colon > inside.startIndex && colon < inside.endIndex - 1
                && !inside.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
        }

        /// It has a digit wherever the shape has one, and else the same characters.
        private static func isShaped(_ text: ArraySlice<UInt8>, _ shape: StaticString) -> Bool {
            shape.withUTF8Buffer { shape in
                text.count == shape.count
                    && zip(text, shape).allSatisfy { byte, expected in
                        isDigit(expected) ? isDigit(byte) : byte == expected
                    }
            }
        }

        private static func isDigit(_ byte: UInt8) -> Bool {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        }

        private static func number(_ digits: ArraySlice<UInt8>) -> Int {
            digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
    }
}
