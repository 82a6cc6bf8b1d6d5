import Jobs

extension StatusQuery {
    /// The first characters of a job's id, or all of them.
    public struct IDPrefix: Sendable, Hashable {
        /// The fewest hexadecimal digits that name a job.
        public static let digitsMin = 4
        private static let digitsMax = 32

        /// The smallest id that starts so.
        public let first: JobID
        /// The largest id that starts so.
        public let last: JobID

        /// The one id that it can be, if it is a whole one.
        public var id: JobID? { first == last ? first : nil }

        /// Reads 4 to 32 hexadecimal digits of either case.
        ///
        /// Hyphens may stand where an id has them.
        public init?(_ text: String) {
            var high: UInt64 = 0
            var low: UInt64 = 0
            var digits = 0
            var isAfterHyphen = false
            for byte in text.utf8 {
                if byte == UInt8(ascii: "-") {
                    guard !isAfterHyphen, [8, 12, 16, 20].contains(digits) else { return nil }
                    isAfterHyphen = true
                    continue
                }
                isAfterHyphen = false
                guard digits < Self.digitsMax, let value = Self.value(byte) else { return nil }
                if digits < 16 {
                    high |= value << UInt64((15 - digits) * 4)
                } else {
                    low |= value << UInt64((31 - digits) * 4)
                }
                digits += 1
            }
            guard digits >= Self.digitsMin else { return nil }
            first = JobID(high: high, low: low)
            // What was not given counts up to the end.
            let open = (
                high: digits < 16 ? UInt64.max >> UInt64(digits * 4) : 0,
                low: digits < 16 ? UInt64.max : UInt64.max >> UInt64((digits - 16) * 4)
            )
            last = JobID(high: high | open.high, low: low | (digits == 32 ? 0 : open.low))
        }

        private static func value(_ byte: UInt8) -> UInt64? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
            default: nil
            }
        }
    }
}

extension StatusQuery.IDPrefix: CustomStringConvertible {
    /// The digits that were given, with the hyphens of an id.
    public var description: String {
        let shared = first.description.prefix(first.sharedLength(with: last))
        return String(shared.last == "-" ? shared.dropLast() : shared)
    }
}
