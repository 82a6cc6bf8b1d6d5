extension Connection {
    /// What is wrong with a connection string, or nil.
    ///
    /// Nothing is connected.
    ///
    /// The text never has the password in it: where libpq quotes the string, only the name of an
    /// unknown option is let through. The corresponding C function is `PQconninfoParse`.
    public static func checkConninfo(_ conninfo: String) -> String? {
        guard !conninfo.utf8.contains(0) else { return "a NUL character in a connection string" }
        switch ConninfoOptions.parse(conninfo) {
        case .options: return nil
        case .refused(let message):
            return maskingQuoted(message, symbols: ["=", ":", "/", "]"]) { quoted in
                message.hasPrefix("invalid ") && looksLikeOptionName(quoted)
            }
        }
    }

    /// The connection string for logs: as `key=value` pairs, secrets replaced by `***`.
    ///
    /// Libpq itself takes the string apart and says which options are secret, so that no spelling
    /// of a URI slips through. Of a string that libpq refuses nothing is shown.
    public static func redacted(_ conninfo: String) -> String {
        guard !conninfo.utf8.contains(0),
            case .options(let parsed) = ConninfoOptions.parse(conninfo)
        else { return "***" }
        return parsed.options
            .map { "\($0.keyword)=\($0.isSecret ? "***" : quotedValue($0.value))" }
            .joined(separator: " ")
    }
}

private func looksLikeOptionName(_ text: Substring) -> Bool {
    text.utf8.count <= 30
        && text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) }
}

/// A value as a connection string needs it: in quotes when it is empty or has special characters.
private func quotedValue(_ value: String) -> String {
    let special = value.unicodeScalars.contains {
        $0 == "'" || $0 == "\\" || $0 == " " || $0 == "="
    }
    guard special else { return value }
    var quoted = "'"
    for scalar in value.unicodeScalars {
        if scalar == "'" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "'"
}
