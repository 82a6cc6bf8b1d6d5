import Glibc

/// Makes UTF-8 of text in another encoding that comes in pieces, by iconv(3).
final class TextConverter {
    /// Bytes that stand for nothing in the encoding.
    struct Fault: Error {
        /// Of the first of them, from the first that was converted.
        let offset: Int
        let byte: UInt8
    }

    private let handle: iconv_t
    /// A character that the last piece had only the first bytes of.
    private var rest: [UInt8] = []
    private var offset = 0
    private var output = [UInt8](repeating: 0, count: 256 * 1024)

    /// - Returns: nil for an encoding that the system does not know.
    init?(from name: String) {
        guard let handle = iconv_open("UTF-8", name), handle != iconv_t(bitPattern: -1) else {
            return nil
        }
        self.handle = handle
    }

    deinit { iconv_close(handle) }

    /// Gives the text of a piece to the body, in one or several pieces.
    func convert(
        _ piece: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) throws -> Void
    ) throws {
        var input = rest + piece
        var position = 0
        defer { offset += position }
        while position < input.count {
            let (read, written, error) = step(&input, from: position)
            position += read
            if written > 0 { try body(output[..<written]) }
            switch error {
            case 0, E2BIG: continue
            case EINVAL:
                rest = Array(input[position...])
                return
            default: throw Fault(offset: offset + position, byte: input[position])
            }
        }
        rest = []
    }

    /// Says that nothing follows.
    func finish() throws(Fault) {
        guard let first = rest.first else { return }
        throw Fault(offset: offset, byte: first)
    }

    /// - Returns: how many bytes were read and written, and what stopped it.
    private func step(
        _ input: inout [UInt8], from position: Int
    ) -> (read: Int, written: Int, error: Int32) {
        input.withUnsafeMutableBytes { input in
            output.withUnsafeMutableBytes { output in
                var source = input.baseAddress?.assumingMemoryBound(to: CChar.self)
                source = source.map { $0 + position }
                var left = input.count - position
                var target = output.baseAddress?.assumingMemoryBound(to: CChar.self)
                var room = output.count
                let result = iconv(handle, &source, &left, &target, &room)
                let error = result == Int(bitPattern: UInt.max) ? errno : 0
                return (input.count - position - left, output.count - room, error)
            }
        }
    }
}

extension TextConverter {
    /// A short text as a whole; nil where it is none in the encoding.
    static func text(of bytes: ArraySlice<UInt8>, in encoding: TextEncoding) -> String? {
        guard let name = encoding.iconvName(start: bytes),
            let converter = TextConverter(from: name)
        else { return String(validating: bytes, as: UTF8.self) }
        var text: [UInt8] = []
        do {
            try converter.convert(bytes) { text += $0 }
            try converter.finish()
        } catch { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
