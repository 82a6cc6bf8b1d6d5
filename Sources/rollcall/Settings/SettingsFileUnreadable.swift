import Glibc

/// Why a file cannot be read.
struct SettingsFileUnreadable: Error {
    let reason: String

    /// The text of a file, a pipe or a device, up to a size.
    static func contents(ofFile path: String, bytesMax: Int)
        throws(SettingsFileUnreadable) -> String
    {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system() }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system()
            }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else {
                throw SettingsFileUnreadable(reason: "more than \(ByteCount.text(bytesMax))")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsFileUnreadable(reason: "not UTF-8")
        }
        return text
    }

    private static func system() -> SettingsFileUnreadable {
        SettingsFileUnreadable(reason: String(cString: strerror(errno)))
    }
}
