/// The identity of a job: a UUID (RFC 9562) of any version.
///
/// The same id is the same job, whoever sends it and however often.
public struct JobID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, most significant first.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the canonical form, 8-4-4-4-12 hexadecimal digits of either case.
    public init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ JobID(utf8: $0) }) else { return nil }
        self = id
    }

    /// Reads the canonical form from bytes.
    public init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (position, byte) in text.enumerated() {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let value = ASCII.hexadecimalValue(byte) else { return nil }
            if digits < 16 {
                halves.0 = halves.0 << 4 | UInt64(value)
            } else {
                halves.1 = halves.1 << 4 | UInt64(value)
            }
            digits += 1
        }
        high = halves.0
        low = halves.1
    }

    /// A time-ordered id (UUID version 7): neighbours in time are neighbours in an index.
    ///
    /// - Parameter milliseconds: Unix time.
    public static func version7(milliseconds: Int64) -> JobID {
        var random = SystemRandomNumberGenerator()
        let a: UInt64 = random.next()
        let b: UInt64 = random.next()
        return JobID(
            high: UInt64(milliseconds) << 16 | 0x7000 | (a & 0x0FFF),
            low: 0x8000_0000_0000_0000 | (b & 0x3FFF_FFFF_FFFF_FFFF))
    }

    /// An id made of this one and a name (UUID version 8): the same of the same, and another one for
    /// every other name.
    public func derived(_ name: String) -> JobID {
        var halves: [UInt64] = []
        for salt in [UInt64(0x9E37_79B9_7F4A_7C15), 0xC2B2_AE3D_27D4_EB4F] {
            var hash = FNV()
            for word in [salt, high, low] {
                hash.add((0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) })
            }
            hash.add(name.utf8)
            // FNV leaves its last bytes in the low bits.
            var mixed = hash.value
            mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
            mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
            halves.append(mixed ^ (mixed >> 33))
        }
        return JobID(
            high: halves[0] & ~0xF000 | 0x8000,
            low: halves[1] & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half = nibble < 16 ? high : low
                text[position] = digits[Int(half >> UInt64((15 - nibble % 16) * 4) & 0xF)]
                position += 1
            }
            return 36
        }
    }

    public static func < (left: JobID, right: JobID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
