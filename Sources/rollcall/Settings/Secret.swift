/// Hides what must not be shown in a listing, a message or a log.
enum Secret {
    static let mask = "***"

    /// Whether a property's or parameter's name says that its value is secret.
    static func isSecret(name: String) -> Bool {
        let lowered = name.lowercased()
        return ["password", "secret", "key", "token", "passphrase", "oauthbearer.config"]
            .contains { lowered.contains($0) }
    }

    /// A Postgres URL or `key=value` string without its passwords.
    ///
    /// What cannot be read for sure is hidden whole: a listing too short harms nobody.
    static func redacted(conninfo: String) -> String {
        if conninfo.hasPrefix("postgres://") || conninfo.hasPrefix("postgresql://") {
            return redacted(url: conninfo)
        }
        return redacted(pairs: conninfo) ?? mask
    }

    /// libpq takes the last `@` before the path for the end of user and password.
    private static func redacted(url: String) -> String {
        guard let schemeEnd = url.firstRange(of: "://")?.upperBound else { return mask }
        let scheme = url[..<schemeEnd]
        var rest = url[schemeEnd...]
        var query = ""
        if let mark = rest.firstIndex(of: "?") {
            query = "?" + redacted(query: rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        // A password with an unescaped question mark or slash would else be taken for a query or a
        // path: everything up to the last `@` counts as user and password.
        if query.contains("@") { return scheme + mask }
        guard let at = rest.lastIndex(of: "@") else { return scheme + rest + query }
        let login = rest[..<at]
        let host = rest[at...]
        guard let colon = login.firstIndex(of: ":") else { return scheme + login + host + query }
        return scheme + login[...colon] + mask + host + query
    }

    private static func redacted(query: Substring) -> String {
        query.split(separator: "&", omittingEmptySubsequences: false)
            .map { pair in
                guard let equals = pair.firstIndex(of: "=") else { return String(pair) }
                // A name in percent escapes may hide anything.
                let name = pair[..<equals]
                return isSecretParameter(String(name)) || name.contains("%")
                    ? name + "=" + mask : String(pair)
            }
            .joined(separator: "&")
    }

    /// Reads `key = value`, `key='a \' b'` as libpq does; nil when it is not that.
    private static func redacted(pairs: String) -> String? {
        var shown: [String] = []
        var rest = pairs[...].drop(while: \.isWhitespace)
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && !$0.isWhitespace }
            rest = rest.dropFirst(name.count).drop(while: \.isWhitespace)
            guard !name.isEmpty, rest.first == "=" else { return nil }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
            guard let value = takeValue(from: &rest) else { return nil }
            shown.append("\(name)=\(isSecretParameter(String(name)) ? mask : String(value))")
            rest = rest.drop(while: \.isWhitespace)
        }
        return shown.joined(separator: " ")
    }

    /// Takes one value, its quotes included, off the front; nil when a quote stays open.
    private static func takeValue(from rest: inout Substring) -> Substring? {
        let start = rest.startIndex
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        while let character = rest.first {
            if !isQuoted && character.isWhitespace { break }
            rest.removeFirst()
            if character == "\\" {
                rest = rest.dropFirst()
            } else if isQuoted && character == "'" {
                return rest.base[start..<rest.startIndex]
            }
        }
        return isQuoted ? nil : rest.base[start..<rest.startIndex]
    }

    /// `sslkey` and `passfile` name files, which are no secrets.
    private static func isSecretParameter(_ name: String) -> Bool {
        isSecret(name: name) && name.lowercased() != "sslkey"
    }
}
