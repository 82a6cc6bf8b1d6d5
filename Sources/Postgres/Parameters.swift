/// The parameters of one statement, in one contiguous arena.
///
/// Every parameter has an explicit type and travels in binary, so that the server never guesses and
/// nothing is escaped. A value that the column's type cannot take from the parameter's type by
/// assignment needs a cast in the SQL, for example `$1::my_enum` for a text.
///
/// Keep one and empty it with ``removeAll(keepingCapacity:)`` to spare allocations.
public struct Parameters: Sendable {
    /// No parameters.
    public static let none = Parameters()

    private var types: [UInt32] = []
    /// Where each value begins in the arena; `nullOffset` for NULL.
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var arena = ByteArena()

    private static let nullOffset = -1

    public init() {}

    /// How many parameters there are.
    ///
    /// Postgres takes at most 65,535 for a statement.
    public var count: Int { types.count }

    public mutating func removeAll(keepingCapacity: Bool = true) {
        types.removeAll(keepingCapacity: keepingCapacity)
        offsets.removeAll(keepingCapacity: keepingCapacity)
        lengths.removeAll(keepingCapacity: keepingCapacity)
        arena.removeAll(keepingCapacity: keepingCapacity)
    }

    // MARK: Values

    /// Appends a `text`.
    ///
    /// A text with a NUL character is refused by the server (22021).
    public mutating func append(_ text: String?) {
        guard let text else { return appendNull(.text) }
        append(.text) { arena in text.withBytes { arena.append($0) } }
    }

    /// Appends an `int8`.
    public mutating func append(_ value: Int64?) {
        guard let value else { return appendNull(.int8) }
        append(.int8) { $0.append(value) }
    }

    /// Appends an `int8`, which is what `Int` is on every platform that this package runs on.
    public mutating func append(_ value: Int?) {
        append(value.map(Int64.init))
    }

    /// Appends an `int4`.
    public mutating func append(_ value: Int32?) {
        guard let value else { return appendNull(.int4) }
        append(.int4) { $0.append(value) }
    }

    /// Appends an `int2`.
    public mutating func append(_ value: Int16?) {
        guard let value else { return appendNull(.int2) }
        append(.int2) { $0.append(value) }
    }

    /// Appends a `float8`.
    public mutating func append(_ value: Double?) {
        guard let value else { return appendNull(.float8) }
        append(.float8) { $0.append(value.bitPattern) }
    }

    /// Appends a `bool`.
    public mutating func append(_ value: Bool?) {
        guard let value else { return appendNull(.bool) }
        append(.bool) { $0.append(value ? 1 : 0 as UInt8) }
    }

    /// Appends a `uuid` from its halves: the first holds the first eight bytes as written.
    public mutating func append(uuid: (UInt64, UInt64)?) {
        guard let uuid else { return appendNull(.uuid) }
        append(.uuid) {
            $0.append(uuid.0)
            $0.append(uuid.1)
        }
    }

    /// Appends a `bytea`.
    public mutating func append(bytes: [UInt8]?) {
        guard let bytes else { return appendNull(.bytea) }
        append(.bytea) { arena in bytes.withUnsafeBytes { arena.append($0) } }
    }

    /// Appends a `jsonb` from its text, which the server checks.
    public mutating func append(jsonb text: String?) {
        guard let text else { return appendNull(.jsonb) }
        append(.jsonb) { arena in
            arena.append(jsonbVersion)
            text.withBytes { arena.append($0) }
        }
    }

    /// Appends a `timestamptz` from milliseconds since 1970.
    ///
    /// `Int64.max` and `Int64.min` are `infinity` and `-infinity`. The server refuses what is
    /// outside the years 4713 BC to 294276 AD (22008).
    public mutating func append(milliseconds: Int64?) {
        guard let milliseconds else { return appendNull(.timestamptz) }
        append(.timestamptz) { $0.append(Timestamp.microseconds(fromMilliseconds: milliseconds)) }
    }

    /// Appends an array.
    ///
    /// Its bytes are copied, so it can be emptied and filled again.
    public mutating func append(_ array: ArrayParameter) {
        append(array.arrayType) { array.write(to: &$0) }
    }

    /// Appends a NULL of any type.
    public mutating func appendNull(_ type: OID) {
        types.append(type.rawValue)
        offsets.append(Self.nullOffset)
        lengths.append(0)
    }

    private mutating func append(_ type: OID, _ write: (inout ByteArena) -> Void) {
        let start = arena.count
        // Room of one byte, so that even an empty value has an address: null means NULL to libpq.
        arena.reserve(1)
        write(&arena)
        let length = arena.count - start
        precondition(length <= Int(Int32.max), "a parameter of Postgres has less than 2 GiB")
        types.append(type.rawValue)
        offsets.append(start)
        lengths.append(Int32(length))
    }

    // MARK: Lending to libpq

    /// The arrays that `PQexecParams` wants; valid only while the closure runs.
    struct Pointers {
        let count: Int32
        let types: UnsafePointer<UInt32>?
        let values: UnsafePointer<UnsafePointer<CChar>?>
        let lengths: UnsafePointer<Int32>?
        let formats: UnsafePointer<Int32>
    }

    func withPointers<Result>(_ body: (Pointers) -> Result) -> Result {
        let count = types.count
        return arena.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count + 1) {
                values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + 1) { formats in
                    let base = bytes.baseAddress
                    for index in 0..<count {
                        let offset = offsets[index]
                        let value =
                            offset == Self.nullOffset
                            ? nil : (base! + offset).assumingMemoryBound(to: CChar.self)
                        values.initializeElement(at: index, to: value)
                        formats.initializeElement(at: index, to: binaryFormat)
                    }
                    return types.withUnsafeBufferPointer { types in
                        lengths.withUnsafeBufferPointer { lengths in
                            body(
                                Pointers(
                                    count: Int32(count),
                                    types: types.baseAddress,
                                    values: UnsafePointer(values.baseAddress!),
                                    lengths: lengths.baseAddress,
                                    formats: UnsafePointer(formats.baseAddress!)))
                        }
                    }
                }
            }
        }
    }
}

/// The first byte of a binary `jsonb`: the only version of the format there is.
let jsonbVersion: UInt8 = 1

/// The format code of libpq and of the protocol for binary; 0 is text.
let binaryFormat: Int32 = 1
