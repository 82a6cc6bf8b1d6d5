/// One array with one dimension as a parameter, built element by element without an allocation each.
///
/// This is how a batch of any size travels with a constant number of parameters:
/// `INSERT INTO t SELECT * FROM unnest($1::uuid[], $2::text[])` takes one array for a column.
///
/// Elements are kept exactly as the server wants them; the header is written when the array is
/// appended to ``Parameters``.
public struct ArrayParameter: Sendable {
    /// The type of the elements.
    public let element: OID
    /// How many elements there are, NULLs included.
    public private(set) var count = 0

    let arrayType: OID
    private var hasNull = false
    private var elements = ByteArena()

    /// Makes an empty array of `element`, with room for about `capacity` elements.
    public init(_ element: OID, capacity: Int = 0) {
        guard let array = element.array else {
            preconditionFailure("expected a type with a known array type, got: \(element.rawValue)")
        }
        self.element = element
        arrayType = array
        if capacity > 0 { elements.reserve(capacity * (4 + usualWidth(element))) }
    }

    public mutating func removeAll(keepingCapacity: Bool = true) {
        count = 0
        hasNull = false
        elements.removeAll(keepingCapacity: keepingCapacity)
    }

    // MARK: Elements

    /// Appends to an array of `int2`.
    public mutating func append(int16 value: Int16) {
        expect(.int2)
        elements.appendCounted(value)
    }

    /// Appends to an array of `int4`.
    public mutating func append(int32 value: Int32) {
        expect(.int4)
        elements.appendCounted(value)
    }

    /// Appends to an array of `int8`.
    public mutating func append(int64 value: Int64) {
        expect(.int8)
        elements.appendCounted(value)
    }

    /// Appends to an array of `float8`.
    public mutating func append(float8 value: Double) {
        expect(.float8)
        elements.appendCounted(value.bitPattern)
    }

    /// Appends to an array of `bool`.
    public mutating func append(bool value: Bool) {
        expect(.bool)
        elements.appendCounted(value ? 1 : 0 as UInt8)
    }

    /// Appends to an array of `uuid`, from the halves of the value.
    public mutating func append(uuid value: (UInt64, UInt64)) {
        expect(.uuid)
        elements.appendCounted(value)
    }

    /// Appends to an array of `timestamptz`, from milliseconds since 1970.
    public mutating func append(milliseconds value: Int64) {
        expect(.timestamptz)
        elements.appendCounted(Timestamp.microseconds(fromMilliseconds: value))
    }

    /// Appends to an array of `text`, `varchar` or `jsonb`.
    public mutating func append(text value: String) {
        value.withBytes { appendText($0) }
    }

    /// Appends UTF-8 bytes to an array of `text`, `varchar` or `jsonb`.
    ///
    /// The server checks them.
    public mutating func append(text value: UnsafeBufferPointer<UInt8>) {
        appendText(UnsafeRawBufferPointer(value))
    }

    /// Appends to an array of `bytea`.
    public mutating func append(bytes value: [UInt8]) {
        expect(.bytea)
        value.withUnsafeBytes { elements.appendCounted($0) }
    }

    /// Appends to an array of `bytea`.
    public mutating func append(bytes value: UnsafeBufferPointer<UInt8>) {
        expect(.bytea)
        elements.appendCounted(UnsafeRawBufferPointer(value))
    }

    /// Appends a NULL to an array of any type.
    public mutating func appendNull() {
        count += 1
        hasNull = true
        elements.append(-1 as Int32)
    }

    private mutating func appendText(_ bytes: UnsafeRawBufferPointer) {
        count += 1
        precondition(
            element == .text || element == .varchar || element == .jsonb,
            "a text was appended to an array of another type")
        elements.appendCounted(bytes, prefix: element == .jsonb ? jsonbVersion : nil)
    }

    /// Counts one more element; a wrong type is a mistake of the program, not of its input.
    private mutating func expect(_ type: OID) {
        precondition(element == type, "an element was appended to an array of another type")
        count += 1
    }

    // MARK: Writing

    /// Writes the server's binary form: dimensions, whether there are NULLs, the type of the
    /// elements; then, unless it is empty, length, lower bound and the elements.
    func write(to arena: inout ByteArena) {
        arena.append((count == 0 ? 0 : 1) as Int32)
        arena.append((hasNull ? 1 : 0) as Int32)
        arena.append(element.rawValue)
        if count == 0 { return }
        arena.append(Int32(count))
        arena.append(1 as Int32)
        arena.append(elements)
    }
}

/// The bytes of a usual value, for a first reservation.
private func usualWidth(_ element: OID) -> Int {
    switch element {
    case .bool: 1
    case .int2: 2
    case .int4: 4
    case .int8, .float8, .timestamptz: 8
    case .uuid: 16
    default: 24
    }
}
