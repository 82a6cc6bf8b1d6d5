import Glibc

/// Reads a file line by line, in bounded memory.
///
/// A line ends with LF or CR LF; a byte order mark at the start of the file is no part of a line.
struct LineReader {
    /// One line without its end.
    struct Line {
        /// Counted from 1.
        let number: Int
        /// Its bytes; of one that is too long only the first.
        let bytes: [UInt8]
        let isTooLong: Bool

        /// Whether there is nothing but blanks.
        var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
    }

    private let descriptor: Int32
    private let lengthMax: Int
    private var chunk = [UInt8](repeating: 0, count: 256 * 1024)
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    private var number = 0
    /// How many bytes were read from the file.
    private(set) var bytesRead = 0

    /// - Parameters:
    ///   - descriptor: read from where it stands.
    ///   - lengthMax: the most bytes of a line.
    init(_ descriptor: Int32, lengthMax: Int) {
        self.descriptor = descriptor
        self.lengthMax = lengthMax
    }

    /// The next line; nil after the last.
    mutating func next() throws(FileError) -> Line? {
        var bytes: [UInt8] = []
        var isTooLong = false
        while true {
            if start == end {
                try fill()
                if isAtEnd {
                    return bytes.isEmpty && !isTooLong ? nil : line(bytes, isTooLong)
                }
            }
            let newline = chunk[start..<end].firstIndex(of: 0x0A)
            let part = chunk[start..<(newline ?? end)]
            // One byte over, which may be the CR of the line's end.
            let room = lengthMax + 1 - bytes.count
            if part.count > room { isTooLong = true }
            bytes += part.prefix(max(0, room))
            start = newline.map { $0 + 1 } ?? end
            if newline != nil { return line(bytes, isTooLong) }
        }
    }

    private mutating func line(_ bytes: [UInt8], _ isTooLong: Bool) -> Line {
        var bytes = bytes
        if bytes.last == 0x0D { bytes.removeLast() }
        if number == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        number += 1
        return Line(
            number: number, bytes: bytes, isTooLong: isTooLong || bytes.count > lengthMax)
    }

    private mutating func fill() throws(FileError) {
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system("reading")
            }
            start = 0
            end = count
            bytesRead += count
            isAtEnd = count == 0
            return
        }
    }
}
