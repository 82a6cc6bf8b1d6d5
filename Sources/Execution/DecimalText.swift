/// A decimal number as its text says it: sign, significant digits and the power of ten of the last.
///
/// Two texts of one number are equal, however many zeros they have.
struct DecimalText: Equatable {
    private var isNegative = false
    private var digits: [UInt8] = []
    /// The power of ten of the last digit.
    private var power = 0

    /// Reads digits with an optional sign, fraction and exponent of at most three digits.
    init?(_ text: some Collection<UInt8>) {
        var rest = text[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        guard readDigits(&rest) else { return nil }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let countBefore = digits.count
            guard readDigits(&rest) else { return nil }
            power = countBefore - digits.count
        }
        if rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            let isDown = rest.first == UInt8(ascii: "-")
            if isDown || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard (1...3).contains(rest.count), rest.allSatisfy(Self.isDigit) else { return nil }
            let exponent = rest.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            power += isDown ? -exponent : exponent
            rest = rest.suffix(0)
        }
        guard rest.isEmpty else { return nil }
        normalize()
    }

    private mutating func readDigits<Text: Collection<UInt8>>(_ rest: inout Text) -> Bool
    where Text.SubSequence == Text {
        let found = rest.prefix(while: Self.isDigit)
        digits += found
        rest = rest.dropFirst(found.count)
        return !found.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private mutating func normalize() {
        let zero = UInt8(ascii: "0")
        digits.removeFirst(digits.prefix { $0 == zero }.count)
        while digits.last == zero {
            digits.removeLast()
            power += 1
        }
        if digits.isEmpty {
            power = 0
            isNegative = false
        }
    }

    /// Whether `numeric(precision, scale)` holds it without rounding.
    func fits(precision: Int, scale: Int) -> Bool {
        digits.isEmpty || -power <= scale && digits.count + power <= precision - scale
    }
}
