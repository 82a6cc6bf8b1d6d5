import Postgres
import Testing

@Suite struct ArrayParameterTests {
    /// What the server understood of an array: its text form.
    private func text(_ array: ArrayParameter, as type: String) throws -> String {
        let open = try OpenConnection()
        var parameters = Parameters()
        parameters.append(array)
        return try open.connection.execute("SELECT ($1::\(type))::text", parameters).string(0, 0)
    }

    @Test func int2() throws {
        var array = ArrayParameter(.int2, capacity: 3)
        array.append(int16: .min)
        array.appendNull()
        array.append(int16: .max)
        #expect(array.count == 3)
        #expect(try text(array, as: "int2[]") == "{-32768,NULL,32767}")
    }

    @Test func int4() throws {
        var array = ArrayParameter(.int4)
        array.append(int32: .min)
        array.append(int32: 0)
        array.append(int32: .max)
        #expect(try text(array, as: "int4[]") == "{-2147483648,0,2147483647}")
    }

    @Test func int8() throws {
        var array = ArrayParameter(.int8)
        array.append(int64: .min)
        array.append(int64: .max)
        #expect(try text(array, as: "int8[]") == "{-9223372036854775808,9223372036854775807}")
    }

    @Test func float8() throws {
        var array = ArrayParameter(.float8)
        array.append(float8: 0.1)
        array.append(float8: -.infinity)
        #expect(try text(array, as: "float8[]") == "{0.1,-Infinity}")
    }

    @Test func bool() throws {
        var array = ArrayParameter(.bool)
        array.append(bool: true)
        array.append(bool: false)
        array.appendNull()
        #expect(try text(array, as: "bool[]") == "{t,f,NULL}")
    }

    @Test func uuid() throws {
        var array = ArrayParameter(.uuid)
        array.append(uuid: (0x0011_2233_4455_6677, 0x8899_AABB_CCDD_EEFF))
        array.appendNull()
        #expect(try text(array, as: "uuid[]") == "{00112233-4455-6677-8899-aabbccddeeff,NULL}")
    }

    @Test(arguments: [OID.text, .varchar])
    func texts(element: OID) throws {
        var array = ArrayParameter(element)
        array.append(text: "")
        array.append(text: "NULL")
        array.appendNull()
        array.append(text: "a \"quoted\" {näme}, \\ 🦆")
        Array("bytes".utf8).withUnsafeBufferPointer { array.append(text: $0) }
        #expect(
            try text(array, as: "text[]")
                == #"{"","NULL",NULL,"a \"quoted\" {näme}, \\ 🦆",bytes}"#)
    }

    @Test func bytes() throws {
        var array = ArrayParameter(.bytea)
        array.append(bytes: [0, 255])
        array.append(bytes: [])
        [7].withUnsafeBufferPointer { array.append(bytes: $0) }
        #expect(try text(array, as: "bytea[]") == #"{"\\x00ff","\\x","\\x07"}"#)
    }

    @Test func timestamps() throws {
        var array = ArrayParameter(.timestamptz)
        array.append(milliseconds: 0)
        array.append(milliseconds: -1)
        array.append(milliseconds: .max)
        #expect(
            try text(array, as: "timestamptz[]")
                == #"{"1970-01-01 00:00:00+00","1969-12-31 23:59:59.999+00",infinity}"#)
    }

    @Test func jsonb() throws {
        var array = ArrayParameter(.jsonb)
        array.append(text: "[1, 2]")
        array.appendNull()
        #expect(try text(array, as: "jsonb[]") == #"{"[1, 2]",NULL}"#)
    }

    @Test(arguments: [
        OID.bool, .bytea, .int2, .int4, .int8, .text, .varchar, .float8, .timestamptz, .uuid,
        .jsonb,
    ])
    func emptyAndOnlyNull(element: OID) throws {
        let open = try OpenConnection()
        var array = ArrayParameter(element)
        var parameters = Parameters()
        parameters.append(array)
        array.appendNull()
        parameters.append(array)
        let rows = try open.connection.execute(
            "SELECT $1::text, cardinality($1), $2::text, array_lower($2, 1)", parameters)
        #expect(rows.string(0, 0) == "{}")
        #expect(rows.int(0, 1) == 0)
        #expect(rows.string(0, 2) == "{NULL}")
        #expect(rows.int(0, 3) == 1)
    }

    @Test func columnsOfABatch() throws {
        let open = try OpenConnection()
        try open.connection.script("CREATE TABLE t (id bigint, name text)")
        let count = 50_000
        var ids = ArrayParameter(.int8, capacity: count)
        var names = ArrayParameter(.text, capacity: count)
        for id in 0..<count {
            ids.append(int64: Int64(id))
            names.append(text: "name \(id)")
        }
        var parameters = Parameters()
        parameters.append(ids)
        parameters.append(names)
        let inserted = try open.connection.execute(
            "INSERT INTO t SELECT * FROM unnest($1::bigint[], $2::text[])", parameters)
        #expect(inserted.affected == count)
        let right = try open.connection.execute(
            "SELECT count(*) FROM t WHERE name = 'name ' || id")
        #expect(right.int(0, 0) == count)
    }

    @Test func isReusedAfterRemoveAll() throws {
        var array = ArrayParameter(.int4)
        array.append(int32: 1)
        array.appendNull()
        var parameters = Parameters()
        parameters.append(array)
        array.removeAll(keepingCapacity: true)
        parameters.removeAll()
        #expect(array.count == 0)
        #expect(parameters.count == 0)
        array.append(int32: 2)
        #expect(try text(array, as: "int4[]") == "{2}")
    }
}
