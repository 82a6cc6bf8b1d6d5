/// The number by which Postgres knows a data type.
///
/// The numbers of the built-in types never change; they are in `pg_type.dat` of the server.
public struct OID: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static let bool = OID(rawValue: 16)
    public static let bytea = OID(rawValue: 17)
    public static let int8 = OID(rawValue: 20)
    public static let int2 = OID(rawValue: 21)
    public static let int4 = OID(rawValue: 23)
    public static let text = OID(rawValue: 25)
    public static let oid = OID(rawValue: 26)
    public static let float8 = OID(rawValue: 701)
    public static let varchar = OID(rawValue: 1043)
    public static let timestamptz = OID(rawValue: 1184)
    public static let uuid = OID(rawValue: 2950)
    public static let jsonb = OID(rawValue: 3802)

    public static let boolArray = OID(rawValue: 1000)
    public static let byteaArray = OID(rawValue: 1001)
    public static let int2Array = OID(rawValue: 1005)
    public static let int4Array = OID(rawValue: 1007)
    public static let textArray = OID(rawValue: 1009)
    public static let varcharArray = OID(rawValue: 1015)
    public static let int8Array = OID(rawValue: 1016)
    public static let float8Array = OID(rawValue: 1022)
    public static let timestamptzArray = OID(rawValue: 1185)
    public static let uuidArray = OID(rawValue: 2951)
    public static let jsonbArray = OID(rawValue: 3807)

    /// The type of an array of this type, or nil when this room does not know one.
    public var array: OID? {
        switch self {
        case .bool: .boolArray
        case .bytea: .byteaArray
        case .int2: .int2Array
        case .int4: .int4Array
        case .int8: .int8Array
        case .text: .textArray
        case .varchar: .varcharArray
        case .float8: .float8Array
        case .timestamptz: .timestamptzArray
        case .uuid: .uuidArray
        case .jsonb: .jsonbArray
        default: nil
        }
    }
}
