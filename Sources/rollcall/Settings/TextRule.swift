import Glibc

/// What a text must look like.
struct TextRule: Sendable {
    /// The rule in words, to stand after "expected".
    let expected: String
    let accepts: @Sendable (String) -> Bool
}

extension TextRule {
    /// One word or more, without control characters.
    static let name = TextRule(expected: "a text of 1 to 255 bytes without control characters") {
        !$0.trimmed.isEmpty && $0.utf8.count <= 255 && !$0.hasControlCharacters
    }

    static let path = TextRule(expected: "a path") {
        !$0.isEmpty && !$0.hasControlCharacters
    }

    static let workerID = TextRule(
        expected: "1 to \(Settings.Worker.idBytesMax) printable ASCII characters without blanks"
    ) { text in
        1...Settings.Worker.idBytesMax ~= text.utf8.count
            && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    /// An identifier that needs no quotes but for its case; Postgres keeps `pg_` for itself.
    static let identifier = TextRule(
        expected: "a plain identifier: up to 63 ASCII letters, digits and underscores, "
            + "no digit first, no pg_ first"
    ) { text in
        1...63 ~= text.utf8.count
            && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
            && !isDigit(text.utf8.first ?? 0)
            && !text.lowercased().hasPrefix("pg_")
    }

    /// The names that Kafka accepts.
    static let topic = TextRule(
        expected: "a topic name: up to 249 ASCII letters, digits, dots, underscores and dashes"
    ) { text in
        1...249 ~= text.utf8.count && text != "." && text != ".."
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
    }

    /// `host:port`, `host`, `[::1]:9092` or one of these after `PROTOCOL://`.
    static let broker = TextRule(expected: "host:port, such as localhost:9092") { text in
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        let hostEnd = rest.hasPrefix("[") ? rest.firstIndex(of: "]") : rest.firstIndex(of: ":")
        var host = rest
        if let hostEnd {
            host = rest.hasPrefix("[") ? rest[...hostEnd] : rest[..<hostEnd]
            rest = rest[host.endIndex...]
            if !rest.isEmpty {
                let port = rest.dropFirst()
                guard rest.first == ":", port.utf8.allSatisfy({ isDigit($0) }),
                    let number = Int(port), 1...65_535 ~= number
                else { return false }
            }
        }
        return !host.isEmpty && host.utf8.count <= 255
            && host.utf8.allSatisfy { isLetterOrDigit($0) || "._-[]:%".utf8.contains($0) }
    }

    /// A numeric address: a name could mean another one tomorrow.
    static let address = TextRule(
        expected: "an IP address, such as 127.0.0.1, 0.0.0.0 or ::1"
    ) { text in
        var storage = in6_addr()
        return inet_pton(AF_INET, text, &storage) == 1 || inet_pton(AF_INET6, text, &storage) == 1
    }

    static let port = TextRule(expected: "a port from 0 to 65535, or off") { text in
        text == "off" || text.utf8.allSatisfy { isDigit($0) } && UInt16(text) != nil
    }

    /// What libpq takes for a whole connection string.
    static let conninfo = TextRule(
        expected: "a postgresql:// URL or key=value pairs for libpq"
    ) { text in
        guard !text.hasControlCharacters else { return false }
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") { return true }
        return !text.contains("://") && text.contains("=")
            && Secret.redacted(conninfo: text) != Secret.mask
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }
}
