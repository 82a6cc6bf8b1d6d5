import Postgres
import Testing

@Suite struct ParametersTests {
    @Test(arguments: [false, true])
    func everyTypeThereAndBack(binary: Bool) throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append("näme 🦆")
        parameters.append(Int64.min)
        parameters.append(Int32.max)
        parameters.append(Int16.min)
        parameters.append(true)
        parameters.append(uuid: (1, .max))
        parameters.append(bytes: [0, 1, 255])
        parameters.append(0.1)
        parameters.append("")
        parameters.append(bytes: [])
        parameters.append(jsonb: #"{"a": [1]}"#)
        let places = (1...parameters.count).map { "$\($0)" }.joined(separator: ", ")
        let rows = try open.connection.execute(
            "SELECT \(places)", parameters, binaryResult: binary)
        #expect(rows.count == 1)
        #expect(rows.columnCount == 11)
        #expect(rows.string(0, 0) == "näme 🦆")
        #expect(rows.int(0, 1) == Int(Int64.min))
        #expect(rows.int(0, 2) == Int(Int32.max))
        #expect(rows.int(0, 3) == Int(Int16.min))
        #expect(rows.bool(0, 4))
        #expect(rows.uuid(0, 5) == (1, .max))
        #expect(rows.bytes(0, 6) == [0, 1, 255])
        #expect(rows.double(0, 7) == 0.1)
        #expect(rows.string(0, 8) == "")
        #expect(rows.bytes(0, 9) == [])
        #expect(rows.string(0, 10) == #"{"a": [1]}"#)
    }

    @Test(arguments: [false, true])
    func nullOfEveryType(binary: Bool) throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append(nil as String?)
        parameters.append(nil as Int64?)
        parameters.append(nil as Int32?)
        parameters.append(nil as Bool?)
        parameters.append(uuid: nil)
        parameters.append(bytes: nil)
        parameters.append(milliseconds: nil)
        parameters.append(nil as Double?)
        parameters.append(jsonb: nil)
        parameters.appendNull(.int2)
        let places = (1...parameters.count).map { "$\($0)" }.joined(separator: ", ")
        let rows = try open.connection.execute(
            "SELECT \(places)", parameters, binaryResult: binary)
        for column in 0..<rows.columnCount { #expect(rows.isNull(0, column)) }
        #expect(rows.optionalString(0, 0) == nil)
        #expect(rows.optionalInt(0, 1) == nil)
        #expect(rows.optionalBool(0, 3) == nil)
        #expect(rows.optionalUUID(0, 4) == nil)
        #expect(rows.optionalMilliseconds(0, 6) == nil)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, Int64.max])
    func integerLimits(value: Int64) throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append(value)
        let rows = try open.connection.execute(
            "SELECT $1, $1::text", parameters, binaryResult: true)
        #expect(rows.int(0, 0) == Int(value))
        #expect(rows.string(0, 1) == String(value))
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00+00"),
        (-1, "1969-12-31 23:59:59.999+00"),
        (946_684_799_999, "1999-12-31 23:59:59.999+00"),
        (1_763_700_000_123, "2025-11-21 04:40:00.123+00"),
        (Int64.max, "infinity"),
        (Int64.min, "-infinity"),
    ])
    func timestamps(milliseconds: Int64, text: String) throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append(milliseconds: milliseconds)
        let rows = try open.connection.execute(
            "SELECT $1, $1::text", parameters, binaryResult: true)
        #expect(rows.milliseconds(0, 0) == milliseconds)
        #expect(rows.string(0, 1) == text)
    }

    @Test func timestampsRoundDown() throws {
        let open = try OpenConnection()
        let rows = try open.connection.execute(
            "SELECT '1969-12-31 23:59:59.9991+00'::timestamptz", binaryResult: true)
        #expect(rows.milliseconds(0, 0) == -1)
    }

    @Test(arguments: [Int64.max - 1, Int64.min + 1])
    func timestampOutOfRangeIsRefused(milliseconds: Int64) throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append(milliseconds: milliseconds)
        let error = failure(of: { try open.connection.execute("SELECT $1", parameters) })
        #expect(error?.sqlState == .datetimeFieldOverflow)
    }

    @Test func megabyteOfText() throws {
        let open = try OpenConnection()
        let text = String(repeating: "0123456789abcdé", count: 65_536)
        #expect(text.utf8.count == 1_048_576)
        var parameters = Parameters()
        parameters.append(text)
        let rows = try open.connection.execute("SELECT $1, length($1)", parameters)
        #expect(rows.string(0, 0) == text)
        #expect(rows.int(0, 1) == 983_040)
        rows.withBytes(0, 0) { #expect($0.count == 1_048_576) }
    }

    @Test func nulCharacterIsRefusedByTheServer() throws {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append("a\0b")
        let error = failure(of: { try open.connection.execute("SELECT $1", parameters) })
        #expect(error?.sqlState == .characterNotInRepertoire)
        #expect(open.connection.isUsable)
    }
}
