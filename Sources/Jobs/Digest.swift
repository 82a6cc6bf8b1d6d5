/// A digest of a JSON value that does not see blanks or the order of an object's keys, so that a
/// producer that writes the same job twice need not write the same bytes.
enum Digest {
    /// FNV-1a over the values, keys of one object folded together by addition.
    static func of(
        _ label: String, _ index: JSONDocument.Index, in document: JSONDocument
    ) -> UInt64 {
        var hash = FNV()
        hash.add(label.utf8)
        hash.add(value(index, in: document))
        return hash.value
    }

    /// The same of an object without some of its fields.
    static func of(
        _ label: String, _ object: JSONDocument.Index, in document: JSONDocument,
        without left: [StaticString]
    ) -> UInt64 {
        var hash = FNV()
        hash.add(label.utf8)
        var pairs: UInt64 = 0
        document.forEachPair(in: object) { key, member in
            if left.contains(where: { document.text(of: key, equals: $0) }) { return }
            pairs &+= pair(key, member, in: document)
        }
        hash.add(pairs)
        return hash.value
    }

    private static func value(_ index: JSONDocument.Index, in document: JSONDocument) -> UInt64 {
        let node = document[index]
        var hash = FNV()
        hash.add(CollectionOfOne(node.kind.rawValue))
        switch node.kind {
        case .null, .bool, .number, .string:
            document.withText(of: index) { hash.add($0) }
        case .array:
            for element in document.elements(of: index) { hash.add(value(element, in: document)) }
        case .object:
            var pairs: UInt64 = 0
            document.forEachPair(in: index) { pairs &+= pair($0, $1, in: document) }
            hash.add(pairs)
        }
        return hash.value
    }

    private static func pair(
        _ key: JSONDocument.Index, _ member: JSONDocument.Index, in document: JSONDocument
    ) -> UInt64 {
        var hash = FNV()
        document.withText(of: key) { hash.add($0) }
        hash.add(value(member, in: document))
        return hash.value
    }
}

/// Fowler, Noll and Vo's hash 1a with 64 bits.
public struct FNV {
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    @inline(__always)
    public mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    @inline(__always)
    public mutating func add(_ word: UInt64) {
        // A word at once: the children's hashes are already well mixed.
        value = (value ^ word) &* 0x100_0000_01b3
        value ^= value >> 32
    }
}
