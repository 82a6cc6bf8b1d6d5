/// A JSON text (RFC 8259) with an index of its values, in the order in which they stand.
///
/// The text is kept as it came and every value is a range of it: a message of 100,000 items costs
/// one array of nodes and not one object for each item. An object's node is followed by its key
/// and value nodes in turn, an array's by its elements; `next` of a node leads past all that is
/// inside it.
public struct JSONDocument: Sendable {
    /// What a value is.
    public enum Kind: UInt8, Sendable {
        case null, bool, number, string, array, object
    }

    /// One value: where its text stands and where the next value's node is.
    public struct Node: Sendable {
        public let kind: Kind
        /// A string that has a backslash: its text differs from its bytes.
        public let isEscaped: Bool
        /// First byte of the text; of a string, the byte after the quote.
        public let start: UInt32
        /// One past the last byte of the text; of a string, the closing quote.
        public internal(set) var end: UInt32
        /// The node after this one and all that is inside it.
        public internal(set) var next: UInt32
        /// Elements of an array, or pairs of an object.
        public internal(set) var count: UInt32
    }

    /// The position of a value in the index.
    public typealias Index = Int

    public let bytes: [UInt8]
    public internal(set) var nodes: [Node]

    /// What it takes in memory, text and index.
    public var byteCount: Int { bytes.count + nodes.count * MemoryLayout<Node>.stride }

    /// The whole text's value.
    public var root: Index { 0 }

    public subscript(index: Index) -> Node { nodes[index] }

    /// The elements of an array in order.
    public func elements(of array: Index) -> ElementSequence {
        ElementSequence(nodes: nodes, position: array + 1, end: Int(nodes[array].next))
    }

    /// The value for a key of an object; the last one where the key is repeated, as most readers do.
    public func value(_ key: StaticString, in object: Index) -> Index? {
        guard nodes[object].kind == .object else { return nil }
        var found: Index?
        var position = object + 1
        let end = Int(nodes[object].next)
        while position < end {
            if text(of: position, equals: key) { found = position + 1 }
            position = Int(nodes[position + 1].next)
        }
        return found
    }

    /// Calls the body with the key and the value of each pair of an object.
    public func forEachPair(
        in object: Index, _ body: (_ key: Index, _ value: Index) throws -> Void
    ) rethrows {
        var position = object + 1
        let end = Int(nodes[object].next)
        while position < end {
            try body(position, position + 1)
            position = Int(nodes[position + 1].next)
        }
    }

    /// The text of a scalar: a string without quotes and escapes, anything else as it stands.
    public func text(of index: Index) -> String {
        withText(of: index) { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a scalar's text, valid inside the body only.
    public func withText<Result>(
        of index: Index, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        let node = nodes[index]
        return try bytes.withUnsafeBufferPointer { all in
            let raw = UnsafeBufferPointer(rebasing: all[Int(node.start)..<Int(node.end)])
            guard node.isEscaped else { return try body(raw) }
            return try JSONEscapes.decoded(raw).withUnsafeBufferPointer(body)
        }
    }

    /// Whether a string's text is the given ASCII text.
    public func text(of index: Index, equals expected: StaticString) -> Bool {
        withText(of: index) { text in
            text.count == expected.utf8CodeUnitCount
                && text.elementsEqual(
                    UnsafeBufferPointer(
                        start: expected.utf8Start, count: expected.utf8CodeUnitCount))
        }
    }

    /// The JSON text of any value as it stands in the message, quotes included.
    public func source(of index: Index) -> ArraySlice<UInt8> {
        let node = nodes[index]
        let quote = node.kind == .string ? 1 : 0
        return bytes[(Int(node.start) - quote)..<(Int(node.end) + quote)]
    }

    /// `true`, `false`, or nil for anything else.
    public func bool(_ index: Index) -> Bool? {
        let node = nodes[index]
        guard node.kind == .bool else { return nil }
        return bytes[Int(node.start)] == UInt8(ascii: "t")
    }
}

extension JSONDocument {
    /// The indices of an array's elements.
    public struct ElementSequence: Sequence, IteratorProtocol {
        let nodes: [Node]
        var position: Int
        let end: Int

        public mutating func next() -> Index? {
            guard position < end else { return nil }
            defer { position = Int(nodes[position].next) }
            return position
        }
    }
}
