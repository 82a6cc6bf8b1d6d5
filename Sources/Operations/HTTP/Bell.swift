import Glibc

/// Wakes whoever polls, from any thread.
struct Bell: ~Copyable {
    private let inside: Socket
    private let outside: Socket

    /// The corresponding C function is `socketpair`.
    init() {
        var pair: [Int32] = [-1, -1]
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | flags, 0, &pair)
        inside = Socket(takingOver: pair[0])
        outside = Socket(takingOver: pair[1])
    }

    /// What is polled for reading.
    var descriptor: Int32 { inside.descriptor }

    /// Where it is full it has rung often enough.
    func ring() { _ = outside.send([1]) }

    /// Makes it silent again.
    func silence() {
        var buffer = [UInt8](repeating: 0, count: 256)
        while case .bytes = buffer.withUnsafeMutableBytes({ inside.receive(into: $0) }) {}
    }
}
