import Glibc

extension Settings.Worker {
    /// The most bytes of an id, so that `rollcall/<id>` fits a Postgres application name.
    static let idBytesMax = 54

    /// The host's name and the process's number, made once.
    static let ownName: String = {
        let suffix = "-\(getpid())"
        var buffer = [UInt8](repeating: 0, count: 256)
        let isKnown = buffer.withUnsafeMutableBytes {
            gethostname($0.baseAddress!, $0.count - 1) == 0
        }
        let host = buffer.prefix { $0 != 0 }.filter { 0x21...0x7E ~= $0 }
        guard isKnown, !host.isEmpty else { return "worker" + suffix }
        return String(decoding: host.prefix(idBytesMax - suffix.utf8.count), as: UTF8.self) + suffix
    }()
}
