internal import CLibpq

/// Owns the options of a connection string as libpq understood them.
///
/// The corresponding C functions are `PQconninfoParse`, `PQconndefaults` and `PQconninfoFree`.
struct ConninfoOptions: ~Copyable {
    private let raw: UnsafeMutablePointer<PQconninfoOption>

    private init(_ raw: UnsafeMutablePointer<PQconninfoOption>) {
        self.raw = raw
    }

    deinit { PQconninfoFree(raw) }

    /// One option that has a value.
    struct Option {
        let keyword: String
        let value: String
        /// Whether libpq says that the value must not be shown.
        let isSecret: Bool
    }

    enum Parsed: ~Copyable {
        case options(ConninfoOptions)
        case refused(String)
    }

    /// The corresponding C function is `PQconninfoParse`.
    static func parse(_ conninfo: String) -> Parsed {
        var text: UnsafeMutablePointer<CChar>?
        if let raw = PQconninfoParse(conninfo, &text) { return .options(ConninfoOptions(raw)) }
        defer { PQfreemem(text) }
        return .refused(text.map { oneLine(String(cString: $0)) } ?? "out of memory")
    }

    /// What the environment and the service file say.
    ///
    /// The corresponding C function is `PQconndefaults`.
    static func defaults() -> ConninfoOptions? {
        PQconndefaults().map { ConninfoOptions($0) }
    }

    var options: [Option] {
        var options: [Option] = []
        var next = raw
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val, value.pointee != 0 {
                options.append(
                    Option(
                        keyword: String(cString: keyword), value: String(cString: value),
                        isSecret: next.pointee.dispchar.map { $0.pointee == 0x2A } ?? false))
            }
            next += 1
        }
        return options
    }

    func value(of keyword: String) -> String? {
        options.first { $0.keyword == keyword }?.value
    }
}
