import Catalog
import Jobs
import Postgres

/// The values of one column for all items of a batch, as they will travel to the server.
///
/// One array for each kind of value and no object for each value: an item costs a few bytes a
/// column.
struct StagedColumn {
    /// How a value travels: as what Postgres type, in binary.
    enum Wire {
        case int16, int32, int64, boolean, uuid, text

        init(_ type: ColumnType) {
            switch type {
            case .int16: self = .int16
            case .int32: self = .int32
            case .int64, .oid: self = .int64
            case .boolean: self = .boolean
            case .uuid: self = .uuid
            case .text, .character, .numeric, .float32, .float64, .date, .timestamp,
                .timestampWithZone, .enumeration, .bytes, .bits, .json, .array, .other:
                self = .text
            }
        }

        /// The element type of the array parameter.
        var element: OID {
            switch self {
            case .int16: .int2
            case .int32: .int4
            case .int64: .int8
            case .boolean: .bool
            case .uuid: .uuid
            case .text: .text
            }
        }

        /// The type in SQL.
        var type: String {
            switch self {
            case .int16: "int2"
            case .int32: "int4"
            case .int64: "int8"
            case .boolean: "bool"
            case .uuid: "uuid"
            case .text: "text"
            }
        }
    }

    enum State: UInt8 {
        /// The job said nothing of it.
        case missing
        /// The job said null.
        case null
        case value
    }

    let wire: Wire
    private(set) var states: [State] = []
    /// Integers and booleans; the first half of a UUID; the end of a text in `texts`.
    private var words: [UInt64] = []
    /// The second half of a UUID.
    private var seconds: [UInt64] = []
    private var texts: [UInt8] = []

    init(_ type: ColumnType, capacity: Int) {
        wire = Wire(type)
        states.reserveCapacity(capacity)
        words.reserveCapacity(capacity)
        if wire == .uuid { seconds.reserveCapacity(capacity) }
    }

    var count: Int { states.count }

    mutating func append(integer: Int64) {
        states.append(.value)
        words.append(UInt64(bitPattern: integer))
    }

    mutating func append(uuid: (UInt64, UInt64)) {
        states.append(.value)
        words.append(uuid.0)
        seconds.append(uuid.1)
    }

    mutating func append(text: some Sequence<UInt8>) {
        states.append(.value)
        texts.append(contentsOf: text)
        words.append(UInt64(texts.count))
    }

    /// Appends the absence of a value.
    mutating func append(_ state: State) {
        states.append(state)
        words.append(wire == .text ? UInt64(texts.count) : 0)
        if wire == .uuid { seconds.append(0) }
    }

    /// Appends the value of another column of the same type.
    mutating func append(_ row: Int, of other: StagedColumn) {
        states.append(other.states[row])
        switch wire {
        case .int16, .int32, .int64, .boolean: words.append(other.words[row])
        case .uuid:
            words.append(other.words[row])
            seconds.append(other.seconds[row])
        case .text:
            texts.append(contentsOf: other.texts[other.textRange(row)])
            words.append(UInt64(texts.count))
        }
    }

    /// Appends a field of an answer in binary, of the type as which the value travels.
    mutating func append(_ row: Int, _ column: Int, of answer: Rows) {
        guard !answer.isNull(row, column) else { return append(.null) }
        switch wire {
        case .int16, .int32, .int64: append(integer: Int64(answer.int(row, column)))
        case .boolean: append(integer: answer.bool(row, column) ? 1 : 0)
        case .uuid: append(uuid: answer.uuid(row, column))
        case .text: answer.withBytes(row, column) { append(text: $0) }
        }
    }

    /// Whether two rows have the same value; null and missing are not equal.
    func areEqual(_ a: Int, _ b: Int) -> Bool {
        guard states[a] == states[b] else { return false }
        guard states[a] == .value else { return true }
        switch wire {
        case .int16, .int32, .int64, .boolean: return words[a] == words[b]
        case .uuid: return words[a] == words[b] && seconds[a] == seconds[b]
        case .text: return texts[textRange(a)].elementsEqual(texts[textRange(b)])
        }
    }

    /// Whether the database may find two values equal that it stores differently: `1.0` and `1.00`
    /// of a numeric, `Ada` and `ada` of a citext.
    func mayBeEqualAndDiffer(_ a: Int, _ b: Int, _ column: Column) -> Bool {
        guard !column.hasExactEquality, states[a] == .value, states[b] == .value else {
            return false
        }
        switch column.type {
        case .numeric, .float32, .float64:
            // The two zeros of a float are equal too.
            return DecimalText(texts[textRange(a)]) == DecimalText(texts[textRange(b)])
        default: return column.type.storesEqualsDifferently
        }
    }

    /// Adds a row's value to a hash.
    func hash(_ row: Int, into hash: inout UInt64) {
        var word = UInt64(states[row].rawValue)
        switch wire {
        case .int16, .int32, .int64, .boolean: word ^= words[row] &<< 2
        case .uuid: word ^= words[row] ^ seconds[row] &* 0x9E37_79B9_7F4A_7C15
        case .text:
            for byte in texts[textRange(row)] { word = (word ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        // The finalizer of splitmix64 mixes well enough for a table probed in a row.
        word = (word ^ hash) &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        hash = word ^ (word >> 31)
    }

    /// A row's value for a message to people, cut off at the limit in bytes.
    func text(_ row: Int, limit: Int = 200) -> String {
        guard states[row] == .value else { return "null" }
        switch wire {
        case .int16, .int32, .int64: return String(Int64(bitPattern: words[row]))
        case .boolean: return words[row] == 1 ? "true" : "false"
        case .uuid: return JobID(high: words[row], low: seconds[row]).description
        case .text: return String(decoding: texts[textRange(row)].prefix(limit), as: UTF8.self)
        }
    }

    /// The values of some rows as an array parameter.
    func array(of rows: [Int32]) -> ArrayParameter {
        var array = ArrayParameter(wire.element, capacity: rows.count)
        texts.withUnsafeBufferPointer { texts in
            for row in rows {
                let row = Int(row)
                guard states[row] == .value else {
                    array.appendNull()
                    continue
                }
                switch wire {
                case .int16: array.append(int16: Int16(truncatingIfNeeded: words[row]))
                case .int32: array.append(int32: Int32(truncatingIfNeeded: words[row]))
                case .int64: array.append(int64: Int64(bitPattern: words[row]))
                case .boolean: array.append(bool: words[row] == 1)
                case .uuid: array.append(uuid: (words[row], seconds[row]))
                case .text:
                    array.append(text: UnsafeBufferPointer(rebasing: texts[textRange(row)]))
                }
            }
        }
        return array
    }

    /// Which of some rows the job said something of.
    func given(of rows: [Int32]) -> ArrayParameter {
        var array = ArrayParameter(.bool, capacity: rows.count)
        for row in rows { array.append(bool: states[Int(row)] != .missing) }
        return array
    }

    private func textRange(_ row: Int) -> Range<Int> {
        (row == 0 ? 0 : Int(words[row - 1]))..<Int(words[row])
    }
}

extension ColumnType {
    /// Values that the database finds equal may be stored as they came, each in its own way.
    fileprivate var storesEqualsDifferently: Bool {
        switch self {
        case .int16, .int32, .int64, .oid, .boolean, .uuid, .enumeration, .character, .date,
            .timestamp, .timestampWithZone, .bytes, .bits:
            false
        // An interval of a day is one of 24 hours; what has no equality is compared as text.
        case .text, .numeric, .float32, .float64, .json, .other: true
        case .array(let element, separator: _): element.storesEqualsDifferently
        }
    }
}
