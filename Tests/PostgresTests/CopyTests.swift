import Postgres
import Testing

@Suite struct CopyTests {
    private struct Refusal: Error {}

    private static let table = """
        CREATE TABLE t (
            a bigint, b int, c text, d boolean, e uuid, f bytea)
        """

    @Test(arguments: ["text", "binary"])
    func everyType(format: String) throws {
        let open = try OpenConnection()
        let connection = open.connection
        try connection.script(Self.table)
        let awkward = "tab\t line\n return\r back\\slash \\N é"
        let copied = try connection.copy(into: "COPY t FROM STDIN (FORMAT \(format))") { rows in
            rows.append(Int64.min)
            rows.append(7 as Int32)
            rows.append(awkward)
            rows.append(true)
            rows.append(uuid: (1, 2))
            rows.append(bytes: [0, 255, 92])
            try rows.endRow()
            for _ in 0..<6 { rows.appendNull() }
            try rows.endRow()
            rows.append(0 as Int64)
            rows.append(0 as Int32)
            rows.append("")
            rows.append(false)
            rows.append(uuid: nil)
            rows.append(bytes: [])
            try rows.endRow()
        }
        #expect(copied == 3)
        let rows = try connection.execute("SELECT * FROM t", binaryResult: true)
        #expect(rows.int(0, 0) == Int(Int64.min))
        #expect(rows.int(0, 1) == 7)
        #expect(rows.string(0, 2) == awkward)
        #expect(rows.bool(0, 3))
        #expect(rows.uuid(0, 4) == (1, 2))
        #expect(rows.bytes(0, 5) == [0, 255, 92])
        for column in 0..<6 { #expect(rows.isNull(1, column)) }
        #expect(rows.string(2, 2) == "")
        #expect(rows.bytes(2, 5) == [])
        #expect(connection.isUsable)
    }

    @Test(arguments: ["text", "binary"])
    func manyRowsAndNone(format: String) throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (a bigint, b text)")
        let count = 100_000
        let statement = "COPY t FROM STDIN (FORMAT \(format))"
        #expect(try open.connection.copy(into: statement) { _ in } == 0)
        let copied = try open.connection.copy(into: statement) { rows in
            for row in 0..<count {
                rows.append(Int64(row))
                rows.append("row \(row)")
                try rows.endRow()
            }
        }
        #expect(copied == count)
        let right = try open.connection.execute("SELECT count(*) FROM t WHERE b = 'row ' || a")
        #expect(right.int(0, 0) == count)
    }

    @Test func rawBytes() throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (a int, b text)")
        let copied = try open.connection.copy(into: "COPY t FROM STDIN (FORMAT csv)") { rows in
            for part in ["1,on", "e\n2,two\n"] {
                try Array(part.utf8).withUnsafeBytes { try rows.write($0) }
            }
        }
        #expect(copied == 2)
    }

    @Test func errorOfTheWriterGivesItUp() throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (a text)")
        #expect(throws: Refusal.self) {
            try open.connection.copy(into: "COPY t FROM STDIN") { rows in
                rows.append("a")
                try rows.endRow()
                throw Refusal()
            }
        }
        #expect(open.connection.isUsable)
        #expect(try open.connection.execute("SELECT count(*) FROM t").int(0, 0) == 0)
    }

    @Test func errorOfTheServer() throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (a int CONSTRAINT small CHECK (a < 10))")
        let error = failure(of: {
            try open.connection.copy(into: "COPY t FROM STDIN") { rows in
                // More than a buffer, so that the server refuses while rows are still coming.
                for row in 0..<200_000 {
                    rows.append(Int64(row))
                    try rows.endRow()
                }
            }
        })
        #expect(error?.sqlState == .checkViolation)
        #expect(error?.constraint == "small")
        #expect(open.connection.isUsable)
    }

    @Test(arguments: ["SELECT 1", "COPY t TO STDOUT", "COPY nowhere FROM STDIN"])
    func otherStatements(statement: String) throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (a int)")
        #expect(failure(of: { try open.connection.copy(into: statement) { _ in } }) != nil)
        #expect(try open.connection.execute("SELECT 1").int(0, 0) == 1)
    }
}
