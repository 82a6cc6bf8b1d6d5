import Glibc

/// Reads a file piece by piece, as UTF-8 whatever it is written in.
struct EncodedText {
    private let input: InputFile
    private let encoding: TextEncoding

    init(_ input: InputFile, _ encoding: TextEncoding) {
        self.input = input
        self.encoding = encoding
    }

    /// Reads from where the file stands to its end.
    ///
    /// - Parameter body: gets each piece, and how many bytes of the file were read by then.
    /// - Throws: ``RosterFileFault`` for a file that says it is in another encoding,
    ///   ``TextConverter/Fault`` for bytes that are none in it, `FileError`, or what the body throws.
    func read(_ body: (ArraySlice<UInt8>, Int) throws -> Void) throws {
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        var bytesRead = 0
        var converter: TextConverter?
        while true {
            let count = try fill(&chunk)
            guard count > 0 else { break }
            let piece = chunk[..<count]
            if bytesRead == 0 { converter = try self.converter(for: piece) }
            bytesRead += count
            if let converter {
                try converter.convert(piece) { try body($0, bytesRead) }
            } else {
                try body(piece, bytesRead)
            }
        }
        try converter?.finish()
    }

    private func fill(_ chunk: inout [UInt8]) throws(FileError) -> Int {
        while true {
            let count = chunk.withUnsafeMutableBytes {
                Glibc.read(input.descriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw .system(input.name) }
        }
    }

    private func converter(for start: ArraySlice<UInt8>) throws -> TextConverter? {
        if let announced = TextEncoding.announced(by: start), announced != encoding {
            throw RosterFileFault(
                "expected \(encoding.rawValue), got \(announced.rawValue); say --encoding "
                    + announced.rawValue)
        }
        guard let name = encoding.iconvName(start: start) else { return nil }
        guard let converter = TextConverter(from: name) else {
            throw RosterFileFault(
                "expected a system that can read \(encoding.rawValue), got one whose iconv(3) does "
                    + "not know \(name)")
        }
        return converter
    }
}
