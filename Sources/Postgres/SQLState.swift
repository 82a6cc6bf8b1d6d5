/// A five-character code of the SQL standard or of Postgres that says what went wrong.
///
/// Codes without a name here survive unchanged: compare `rawValue`, or `class` for the family.
/// The list is in the appendix "PostgreSQL Error Codes" of the Postgres manual.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The five characters, for example `23505`.
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The first two characters: the family of the error, for example `23` for constraints.
    public var `class`: String { String(rawValue.prefix(2)) }

    public var description: String { rawValue }
}

// MARK: - Class 08: the connection

extension SQLState {
    public static let connectionException = SQLState(rawValue: "08000")
    public static let connectionDoesNotExist = SQLState(rawValue: "08003")
    public static let connectionFailure = SQLState(rawValue: "08006")
    public static let protocolViolation = SQLState(rawValue: "08P01")
}

// MARK: - Class 22: the data

extension SQLState {
    public static let stringDataRightTruncation = SQLState(rawValue: "22001")
    public static let numericValueOutOfRange = SQLState(rawValue: "22003")
    public static let invalidDatetimeFormat = SQLState(rawValue: "22007")
    public static let datetimeFieldOverflow = SQLState(rawValue: "22008")
    public static let characterNotInRepertoire = SQLState(rawValue: "22021")
    public static let invalidTextRepresentation = SQLState(rawValue: "22P02")
    public static let invalidBinaryRepresentation = SQLState(rawValue: "22P03")
}

// MARK: - Class 23: the constraints

extension SQLState {
    public static let restrictViolation = SQLState(rawValue: "23001")
    public static let notNullViolation = SQLState(rawValue: "23502")
    public static let foreignKeyViolation = SQLState(rawValue: "23503")
    public static let uniqueViolation = SQLState(rawValue: "23505")
    public static let checkViolation = SQLState(rawValue: "23514")
    public static let exclusionViolation = SQLState(rawValue: "23P01")
}

// MARK: - Classes 25, 28 and 40: the transaction and the login

extension SQLState {
    public static let activeTransaction = SQLState(rawValue: "25001")
    public static let readOnlyTransaction = SQLState(rawValue: "25006")
    public static let inFailedTransaction = SQLState(rawValue: "25P02")
    public static let idleInTransactionTimeout = SQLState(rawValue: "25P03")
    public static let invalidAuthorization = SQLState(rawValue: "28000")
    public static let invalidPassword = SQLState(rawValue: "28P01")
    public static let undefinedDatabase = SQLState(rawValue: "3D000")
    public static let serializationFailure = SQLState(rawValue: "40001")
    public static let deadlockDetected = SQLState(rawValue: "40P01")
}

// MARK: - Class 42: the statement

extension SQLState {
    public static let insufficientPrivilege = SQLState(rawValue: "42501")
    public static let syntaxError = SQLState(rawValue: "42601")
    public static let undefinedColumn = SQLState(rawValue: "42703")
    public static let datatypeMismatch = SQLState(rawValue: "42804")
    public static let undefinedFunction = SQLState(rawValue: "42883")
    public static let undefinedTable = SQLState(rawValue: "42P01")
    public static let duplicateDatabase = SQLState(rawValue: "42P04")
    public static let duplicateTable = SQLState(rawValue: "42P07")
    public static let undefinedSchema = SQLState(rawValue: "3F000")
}

// MARK: - Classes 53, 55, 57, 58 and XX: the server

extension SQLState {
    public static let diskFull = SQLState(rawValue: "53100")
    public static let outOfMemory = SQLState(rawValue: "53200")
    public static let tooManyConnections = SQLState(rawValue: "53300")
    public static let objectInUse = SQLState(rawValue: "55006")
    public static let lockNotAvailable = SQLState(rawValue: "55P03")
    public static let queryCanceled = SQLState(rawValue: "57014")
    public static let adminShutdown = SQLState(rawValue: "57P01")
    public static let crashShutdown = SQLState(rawValue: "57P02")
    public static let cannotConnectNow = SQLState(rawValue: "57P03")
    public static let databaseDropped = SQLState(rawValue: "57P04")
    public static let ioError = SQLState(rawValue: "58030")
    public static let internalError = SQLState(rawValue: "XX000")
    public static let dataCorrupted = SQLState(rawValue: "XX001")
    /// A PL/pgSQL `RAISE EXCEPTION` without a code of its own.
    public static let raiseException = SQLState(rawValue: "P0001")
}
