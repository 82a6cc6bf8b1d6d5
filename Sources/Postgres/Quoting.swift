/// Quotes an identifier for use in SQL: `user "x"` becomes `"user ""x"""`.
///
/// Pure: it needs no connection, because only the double quote is special. An identifier with a NUL
/// character cannot exist in Postgres, so asking for one is a mistake of the program and traps.
public func quoteIdentifier(_ identifier: String) -> String {
    quoted(identifier, with: UInt8(ascii: "\""))
}

/// Quotes a text as a literal for use in SQL: `it's` becomes `'it''s'`.
///
/// For the rare place that takes no parameter, such as `SET LOCAL`. It relies on
/// `standard_conforming_strings`, which is on unless somebody turned it off; a backslash is written
/// in the form that means the same either way. A NUL character traps.
public func quoteLiteral(_ text: String) -> String {
    let plain = quoted(text, with: UInt8(ascii: "'"))
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return plain }
    var escaped: [UInt8] = [UInt8(ascii: "E")]
    for byte in plain.utf8 {
        if byte == UInt8(ascii: "\\") { escaped.append(byte) }
        escaped.append(byte)
    }
    return String(decoding: escaped, as: UTF8.self)
}

/// Doubles by bytes: Swift sees a quote followed by a combining mark as another character.
private func quoted(_ text: String, with quote: UInt8) -> String {
    var bytes: [UInt8] = [quote]
    bytes.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
        precondition(byte != 0, "expected a text without NUL characters for SQL")
        if byte == quote { bytes.append(quote) }
        bytes.append(byte)
    }
    bytes.append(quote)
    return String(decoding: bytes, as: UTF8.self)
}
