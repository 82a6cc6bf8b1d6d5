/// Random JSON texts, and texts that are nearly JSON.
enum RandomJSON {
    static func text(_ random: inout SplitMix, depth: Int = 5) -> [UInt8] {
        blanks(&random) + value(&random, depth) + blanks(&random)
    }

    private static func value(_ random: inout SplitMix, _ depth: Int) -> [UInt8] {
        switch random.below(depth > 0 ? 9 : 6) {
        case 0: return Array("null".utf8)
        case 1: return Array((random.oneIn(2) ? "true" : "false").utf8)
        case 2, 3: return number(&random)
        case 4, 5: return string(&random)
        case 6, 7:
            return list(&random, "[", "]") { random in value(&random, depth - 1) }
        default:
            // Each key once: what a repeated one means is no part of JSON.
            var keys: Set<[UInt8]> = []
            return list(&random, "{", "}") { random in
                var key = string(&random)
                while !keys.insert(unescaped(key)).inserted { key = string(&random) }
                return key + blanks(&random) + [UInt8(ascii: ":")] + blanks(&random)
                    + value(&random, depth - 1)
            }
        }
    }

    private static func list(
        _ random: inout SplitMix, _ open: String, _ close: String,
        _ element: (inout SplitMix) -> [UInt8]
    ) -> [UInt8] {
        var text = Array(open.utf8) + blanks(&random)
        for position in 0..<random.below(5) {
            if position > 0 { text += [UInt8(ascii: ",")] + blanks(&random) }
            text += element(&random) + blanks(&random)
        }
        return text + Array(close.utf8)
    }

    private static func blanks(_ random: inout SplitMix) -> [UInt8] {
        random.oneIn(4)
            ? (0...random.below(3)).map { _ in random.pick([0x20, 0x09, 0x0A, 0x0D]) } : []
    }

    private static func number(_ random: inout SplitMix) -> [UInt8] {
        var text = random.oneIn(3) ? "-" : ""
        text += random.oneIn(4) ? "0" : "\(Int.random(in: 1...1_000_000_000_000, using: &random))"
        if random.oneIn(3) { text += ".\(random.below(1_000))" }
        // Foundation refuses `0e2`, which is JSON.
        if !text.hasSuffix("0") || text.count > 2, random.oneIn(4) {
            text += random.pick(["e", "E"]) + random.pick(["", "+", "-"]) + "\(random.below(200))"
        }
        return Array(text.utf8)
    }

    private static func string(_ random: inout SplitMix) -> [UInt8] {
        let parts = [
            "a", "member", " ", "é", "e\u{301}", "漢", "😀", "\u{7F}", "\u{FEFF}", "\u{10FFFF}",
            "\u{E000}",
            "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u00e9",
            "\\uD83D\\uDE00",
            "\\udbff\\uDFFF", "\\uFFFF", "/", "'", "{", "]", ":", ",",
        ]
        let text = (0..<random.below(6)).map { _ in random.pick(parts) }.joined()
        return Array("\"\(text)\"".utf8)
    }

    /// Two keys with one meaning are one key.
    private static func unescaped(_ key: [UInt8]) -> [UInt8] {
        let text = String(decoding: key, as: UTF8.self)
            .replacing("\\u00e9", with: "é").replacing("\\uD83D\\uDE00", with: "😀")
            .replacing("\\udbff\\uDFFF", with: "\u{10FFFF}").replacing("\\/", with: "/")
            // String compares characters by meaning, so Foundation's keys do too.
            .replacing("e\u{301}", with: "é")
        return Array(text.utf8)
    }

    /// The text with one to three small changes.
    static func mutated(_ text: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var text = text
        for _ in 0...random.below(3) where !text.isEmpty {
            let position = random.below(text.count)
            switch random.below(6) {
            case 0: text.remove(at: position)
            case 1: text.insert(text[position], at: position)
            case 2: text[position] = UInt8.random(in: 0...255, using: &random)
            case 3: text[position] ^= 1 << UInt8(random.below(8))
            case 4:
                let pieces = [
                    "\"", "\\", "\\u", "\\uD800", "0", "-", ".", "e", ",", ":", "[", "}", "nul",
                    "\u{0}",
                ]
                text.insert(contentsOf: Array(random.pick(pieces).utf8), at: position)
            default: text.swapAt(position, random.below(text.count))
            }
        }
        return text
    }
}
