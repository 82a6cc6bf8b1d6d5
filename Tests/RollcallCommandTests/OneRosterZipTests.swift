import Foundation
import Testing

@testable import rollcall

/// Packages that are fine, in folders and zips, and zips that are none.
@Suite struct OneRosterZipTests {
    /// What is told here of packages as a whole.
    static let expectations = [
        "package.archive: expected files without a password, got encrypted ones",
        "package.archive: expected a zip, got something else or the half of one",
        "package.archive: expected a zip that is whole, got a broken one (unzip: exit code 2)",
        "package.size: expected at most 1KiB when unpacked, got more",
        "package.duplicate: expected each file once, got users.csv again",
        "orgs.csv:3: csv.encoding: expected UTF-8, got the byte 0xF8 as byte 8 of the line",
    ]

    private let desk: OneRosterDesk

    init() throws { desk = try OneRosterDesk() }

    private func entries(_ sample: OneRosterSample = OneRosterSample()) -> [OneRosterZip.Entry] {
        sample.contents().map { OneRosterZip.Entry(name: $0.name, bytes: $0.bytes) }
    }

    @Test(
        "both versions, as all that there is and as changes, from a folder and from a zip",
        arguments: OneRoster.Version.allCases, [false, true])
    func valid(_ version: OneRoster.Version, isDelta: Bool) throws {
        var sample = version == .v1p1 ? OneRosterSample.v1p1 : OneRosterSample()
        if isDelta {
            sample.makeDelta()
            if version == .v1p1 { sample.change("users", 3, "active", "inactive") }
            // What is not here the receiver may have.
            sample.change("enrollments", 2, "t1", "t9")
            sample.change("enrollments", 3, "active", "tobedeleted")
            for file in ["orgs", "academicSessions"] {
                sample.files[file] = nil
                sample.modes[file] = nil
            }
        }
        #expect(try desk.faults(sample) == [])
        #expect(try desk.faults(at: desk.zip(entries(sample))) == [])
    }

    @Test("what goes may refer to what is gone, also beside a file of all that there is")
    func deletion() throws {
        var sample = OneRosterSample()
        sample.makeDelta("enrollments")
        sample.change("enrollments", 4, "u2", "u9")
        #expect(try desk.faults(sample).count == 1)
        sample.change("enrollments", 4, "active", "tobedeleted")
        #expect(try desk.faults(sample) == [])
    }

    @Test("byte order marks, CRLF and files of the system are fine, and so is only a manifest")
    func tolerated() throws {
        var contents = OneRosterSample().contents(lineEnd: "\r\n")
        for place in contents.indices {
            contents[place].bytes.insert(contentsOf: [0xEF, 0xBB, 0xBF], at: 0)
        }
        contents.append((".DS_Store", [0, 1, 2]))
        #expect(try desk.faults(contents) == [])
        var empty = OneRosterSample()
        empty.files = [:]
        empty.modes = [:]
        #expect(try desk.faults(empty) == [])
    }

    @Test("the places are right however a file is cut into pieces")
    func manyRows() throws {
        var sample = OneRosterSample()
        let rows = (1...40_000).map {
            "n\($0),,,true,user\($0),,花\($0),\"Ångström, \($0)\",,,,,,,,,,,,,,"
        }
        sample.files["users"]? += rows
        sample.change("users", 39_004, "true", "yes")
        #expect(
            try desk.faults(sample)
                == [
                    "users.csv:39004: row.boolean: enabledUser: expected true or false, got \"yes\""
                ])
        for place in 5..<45 { sample.change("users", place, "true", "no") }
        let many = try desk.faults(sample)
        #expect(many.count == 21 && many.last == "and 21 more")
    }

    @Test("rows after a quote that does not close are not taken for anything")
    func openQuote() throws {
        var sample = OneRosterSample()
        sample.change("users", 2, "O'Lee", "\"O'Lee")
        sample.add("users", "nonsense")
        // Nor are they missed by files that refer to them.
        #expect(
            try desk.faults(sample) == [
                "users.csv:2: csv.line-break: column 8: expected a closing quote on the same line, "
                    + "got the line's end", "users.csv:5: row.width: expected 22 fields, got 1",
            ])
    }

    @Test("a few changes alone, of what the receiver has")
    func smallDelta() throws {
        var sample = OneRosterSample()
        sample.files = [
            "enrollments": [
                sample.files["enrollments"]?[0] ?? "",
                "e1,tobedeleted,2026-11-20T08:30:00.000Z,k1,s1,u1,student,,,",
                "e3,active,2026-11-20T08:30:00.000Z,k1,s1,u3,student,,,",
            ]
        ]
        sample.modes = ["enrollments": .delta]
        sample.manifest = sample.manifestLines + ["source.systemCode,SAMPLE"]
        #expect(try desk.faults(sample) == [])
        #expect(try desk.faults(at: desk.zip(entries(sample))) == [])
    }

    @Test("bytes that are no UTF-8 are told by their place")
    func encoding() throws {
        var contents = OneRosterSample().contents()
        let place = try #require(contents.firstIndex { $0.name == "orgs.csv" })
        let text = String(decoding: contents[place].bytes, as: UTF8.self)
        contents[place].bytes = Array(try #require(text.data(using: .isoLatin1)))
        let faults = try desk.faults(contents)
        #expect(faults.first == Self.expectations[5])
        contents[place].bytes = Array(try #require(text.data(using: .utf16LittleEndian)))
        let sixteen = try desk.faults(contents)
        #expect(
            sixteen.first
                == "orgs.csv: csv.encoding: expected utf-8, got utf-16; say --encoding utf-16")
    }

    @Test("a zip that cannot be unpacked is told from one that is no package")
    func brokenZips() throws {
        var encrypted = entries()
        encrypted[0].isEncrypted = true
        #expect(try desk.faults(at: desk.zip(encrypted)) == [Self.expectations[0]])
        let whole = OneRosterZip.bytes(entries())
        for bytes in [Array(whole.prefix(whole.count / 2)), Array("no zip".utf8), []] {
            let path = "\(desk.folder.path)/\(UUID().uuidString).zip"
            try Data(bytes).write(to: URL(filePath: path))
            #expect(try desk.faults(at: path) == [Self.expectations[1]])
        }
        var broken = entries()
        broken[3].isBroken = true
        #expect(try desk.faults(at: desk.zip(broken)) == [Self.expectations[2]])
        #expect(
            try desk.faults(at: desk.zip(entries()), fileBytes: 1024) == [Self.expectations[3]])
        let folder = try OneRosterSample.write(OneRosterSample().contents(), in: desk.folder)
        let large = try desk.faults(at: folder, fileBytes: 300)
        #expect(large.count == 1)
        #expect(large[0].hasPrefix("package.size: expected at most 300B in a file, got "))
        #expect(throws: FileError.self) { try desk.faults(at: "\(desk.folder.path)/none.zip") }
    }

    @Test(
        "names that lead elsewhere, or to two files, are refused before anything is unpacked",
        arguments: [
            "../users.csv", "/etc/users.csv", "package/users.csv", "__MACOSX/._users.csv", "x/",
        ])
    func names(_ name: String) throws {
        let path = try desk.zip(entries() + [OneRosterZip.Entry(name: name, bytes: [])])
        #expect(
            try desk.faults(at: path) == [
                "package.file: expected only files of OneRoster, in no folder, got \"\(name)\""
            ])
        let twice = entries()
        let users = try #require(twice.first { $0.name == "users.csv" })
        #expect(try desk.faults(at: desk.zip(twice + [users])) == [Self.expectations[4]])
    }

    @Test("a set of identifiers knows what was put into it, in at most 16 bytes each")
    func identifiers() {
        var set = IdentifierSet()
        func key(_ number: Int) -> UInt64 { IdentifierSet.key(Array("user-\(number)".utf8)[...]) }
        #expect(!set.contains(key(0)))
        for number in 0..<100_000 {
            let isNew = set.insert(key(number))
            #expect(isNew)
            if number > 100, number % 1_000 == 0 {
                #expect(set.byteCount <= 16 * set.count + 64, "\(number)")
            }
        }
        for number in 0..<100_000 {
            let isNew = set.insert(key(number))
            #expect(set.contains(key(number)) && !isNew)
        }
        #expect(!(100_000..<200_000).contains { set.contains(key($0)) })
        #expect(set.count == 100_000)
        let parts = [Array("ab".utf8)[...], Array("c".utf8)[...], Array("a".utf8)[...]]
        #expect(
            IdentifierSet.key(parts[0], parts[1])
                != IdentifierSet.key(parts[2], Array("bc".utf8)[...]))
    }
}
