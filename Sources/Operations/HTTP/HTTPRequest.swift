/// A request without a body, as far as it matters here: method and path.
public struct HTTPRequest: Sendable, Equatable {
    /// What has come of a request so far.
    enum Reading: Equatable {
        case incomplete
        case complete(HTTPRequest)
        case refused(HTTPResponse)
    }

    /// `HEAD`: all but the body is answered.
    public let isHead: Bool
    /// What stands before the question mark, as it was sent.
    public let path: String

    init(isHead: Bool, path: String) {
        self.isHead = isHead
        self.path = path
    }

    /// The most bytes of a request line and its headers.
    static let bytesMax = 8 * 1024

    /// Reads what has come.
    static func read(_ bytes: [UInt8]) -> Reading {
        guard let end = headEnd(bytes) else {
            return bytes.count < bytesMax
                ? .incomplete
                : .refused(
                    .text(431, "expected a request of at most \(bytesMax) bytes, got more"))
        }
        let line = bytes[..<end].prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words[2].starts(with: Array("HTTP/1.".utf8)),
            words[1].first == UInt8(ascii: "/"), words[1].allSatisfy({ 0x21...0x7E ~= $0 })
        else {
            return .refused(.text(400, "expected a line such as \"GET /livez HTTP/1.1\""))
        }
        let method = String(decoding: words[0], as: UTF8.self)
        guard method == "GET" || method == "HEAD" else {
            var refusal = HTTPResponse.text(405, "expected GET or HEAD")
            refusal.allow = "GET, HEAD"
            return .refused(refusal)
        }
        let path = words[1].prefix { $0 != UInt8(ascii: "?") }
        return .complete(
            HTTPRequest(isHead: method == "HEAD", path: String(decoding: path, as: UTF8.self)))
    }

    /// Where the empty line is that ends the head; some clients send bare line feeds.
    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        var isLineEmpty = false
        for (index, byte) in bytes.prefix(bytesMax).enumerated() {
            if byte == UInt8(ascii: "\n") {
                if isLineEmpty { return index }
                isLineEmpty = true
            } else if byte != UInt8(ascii: "\r") {
                isLineEmpty = false
            }
        }
        return nil
    }
}
