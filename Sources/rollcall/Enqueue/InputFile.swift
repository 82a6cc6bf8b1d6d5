import Glibc

/// A file that is open for reading; closed when nobody needs it.
final class InputFile {
    /// As people call it.
    let name: String
    let descriptor: Int32

    /// Opens a file; `-` is standard input.
    init(_ path: String) throws(FileError) {
        name = path == "-" ? "standard input" : path
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(name) }
        self.descriptor = descriptor
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw FileError(name: name, reason: "expected a file, got a directory")
        }
    }

    private init(name: String, descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The file's size and the time of its last change; nil for what can be read only once.
    var version: Version? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Version(
            bytes: Int(status.st_size), changed: withUnsafeBytes(of: status.st_mtim) { Array($0) })
    }

    struct Version: Equatable {
        let bytes: Int
        /// The `timespec` as it is.
        let changed: [UInt8]
    }

    /// Goes back to the first byte.
    func rewind() throws(FileError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .system(name) }
    }

    /// What is left of a pipe or a terminal, in a temporary file without a name.
    ///
    /// - Parameter max: the most bytes that are wanted; no more than one beyond is written.
    func spooled(max: Int = .max - 1) throws -> InputFile {
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        return try Self.spooled(name: name, max: max) { () throws(FileError) in
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count >= 0 { return chunk[..<count] }
                guard errno == EINTR else { throw .system(name) }
            }
        }
    }

    /// What comes in pieces, in a temporary file without a name.
    ///
    /// - Parameters:
    ///   - max: the most bytes that are wanted; no more than one beyond is written.
    ///   - next: the next piece; an empty one is the end.
    static func spooled<Failure: Error>(
        name: String, max: Int, next: () throws(Failure) -> ArraySlice<UInt8>
    ) throws -> InputFile {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var path = Array("\(folder)/rollcall-XXXXXX".utf8CString)
        let spool = mkstemp(&path)
        guard spool >= 0 else { throw FileError.system(folder) }
        unlink(path)
        let copy = InputFile(name: name, descriptor: spool)
        var room = max + 1
        while room > 0 {
            let piece = try next().prefix(room)
            if piece.isEmpty { break }
            room -= piece.count
            var rest = piece
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(spool, $0.baseAddress, $0.count) }
                guard count >= 0 || errno == EINTR else { throw FileError.system(folder) }
                rest = rest.dropFirst(Swift.max(0, count))
            }
        }
        try copy.rewind()
        return copy
    }
}
