/// Which identifiers a file has, at 11 to 16 bytes each, however long they are.
///
/// It keeps 64 bits of a keyed hash instead of the texts: of a million identifiers two are taken for
/// the same in one of 37 million runs, and by no file that was made for it, because each run has a
/// key of its own.
struct IdentifierSet {
    /// Open addressing; zero is a free place.
    private var slots: [UInt64] = []
    private(set) var count = 0

    var byteCount: Int { slots.count * MemoryLayout<UInt64>.stride }

    /// The hash of an identifier, or of several together.
    static func key(_ identifiers: ArraySlice<UInt8>...) -> UInt64 {
        var hasher = Hasher()
        for identifier in identifiers {
            identifier.withUnsafeBytes { hasher.combine(bytes: $0) }
            // No identifier has this byte in it.
            hasher.combine(UInt8(0))
        }
        return max(1, UInt64(bitPattern: Int64(hasher.finalize())))
    }

    func contains(_ key: UInt64) -> Bool {
        guard !slots.isEmpty else { return false }
        return slots[place(of: key)] == key
    }

    /// - Returns: false if it was there.
    @discardableResult
    mutating func insert(_ key: UInt64) -> Bool {
        if count * 4 >= slots.count * 3 { grow() }
        let place = place(of: key)
        guard slots[place] == 0 else { return false }
        slots[place] = key
        count += 1
        return true
    }

    /// Where the key is, or where it belongs.
    private func place(of key: UInt64) -> Int {
        var place = Int(key.multipliedFullWidth(by: UInt64(slots.count)).high)
        while slots[place] != 0, slots[place] != key {
            place += 1
            if place == slots.count { place = 0 }
        }
        return place
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: max(64, old.count / 2 * 3))
        for key in old where key != 0 { slots[place(of: key)] = key }
    }
}
