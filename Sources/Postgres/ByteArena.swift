/// A growable run of bytes in network byte order, built without an allocation per value.
///
/// Bytes are stored into room that is already there: one check of the capacity for a value instead
/// of one for a byte, because millions of array elements a second pass here.
struct ByteArena: Sendable {
    private var room: [UInt8] = []
    private(set) var count = 0

    /// Makes sure that `extra` more bytes fit, and that the address of the bytes is never null.
    mutating func reserve(_ extra: Int) {
        let needed = count + max(extra, 1)
        if needed > room.count { grow(to: needed) }
    }

    private mutating func grow(to needed: Int) {
        let grown = max(needed, room.count * 2, 64)
        room.append(contentsOf: repeatElement(0, count: grown - room.count))
    }

    mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        reserve(MemoryLayout<Value>.size)
        store(value)
    }

    /// Appends a value after its length in bytes, as in array elements and COPY fields.
    mutating func appendCounted<Value: FixedWidthInteger>(_ value: Value) {
        reserve(4 + MemoryLayout<Value>.size)
        store(Int32(MemoryLayout<Value>.size))
        store(value)
    }

    mutating func appendCounted(_ uuid: (UInt64, UInt64)) {
        reserve(20)
        store(Int32(16))
        store(uuid.0)
        store(uuid.1)
    }

    /// Appends bytes after their length, with `prefix` as a first byte that is counted.
    mutating func appendCounted(_ bytes: UnsafeRawBufferPointer, prefix: UInt8? = nil) {
        let length = bytes.count + (prefix == nil ? 0 : 1)
        precondition(length <= Int(Int32.max), "a value of Postgres has less than 2 GiB")
        reserve(4 + length)
        store(Int32(length))
        if let prefix { store(prefix) }
        store(bytes)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        store(bytes)
    }

    mutating func append(_ other: borrowing ByteArena) {
        reserve(other.count)
        let base = count
        let length = other.count
        other.withUnsafeBytes { source in
            room.withUnsafeMutableBytes { target in
                UnsafeMutableRawBufferPointer(rebasing: target[base..<base + length])
                    .copyMemory(from: source)
            }
        }
        count += length
    }

    mutating func removeAll(keepingCapacity: Bool) {
        count = 0
        if !keepingCapacity { room = [] }
    }

    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try room.withUnsafeBufferPointer { (bytes) throws(Failure) in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[..<count])))
        }
    }

    private mutating func store<Value: FixedWidthInteger>(_ value: Value) {
        let offset = count
        room.withUnsafeMutableBytes {
            $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
        }
        count = offset &+ MemoryLayout<Value>.size
    }

    private mutating func store(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        let offset = count
        room.withUnsafeMutableBytes {
            ($0.baseAddress! + offset).copyMemory(from: source, byteCount: bytes.count)
        }
        count = offset &+ bytes.count
    }
}

extension String {
    /// Lends the UTF-8 bytes; a copy is made only for the rare string that is not contiguous.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) })
        {
            return result
        }
        return Array(utf8).withUnsafeBytes(body)
    }
}
