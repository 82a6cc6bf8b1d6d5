import Foundation
import Jobs
import Kafka
import Sandbox
import Testing

@testable import rollcall

/// `rollcall enqueue roster-import` of a package, from its path to the records.
@Suite(.onThreadOfItsOwn) struct EnqueueOneRosterTests {
    private static let topic = "rollcall.roster-imports"
    private static let catalog = """
        catalog: c
        relations:
          seat: { table: seat, target: class, member: person }
        rosters:
          sis:
            files:
              users:
                columns: { sourcedid: { required: true } }
                steps:
                  - { upsert: person, identity: id, values: { id: row.sourcedid } }
              results:
                columns: { sourcedid: { required: true } }
                steps:
                  - { upsert: result, identity: id, values: { id: row.sourcedid } }
              enrollments:
                columns: { class: { header: classSourcedId }, person: { header: userSourcedId } }
                steps:
                  - { assign: seat, target: row.class, member: row.person }
          one:
            columns: { name: { required: true } }
            steps:
              - { upsert: person, identity: id, values: { id: row.name } }
        """

    private let bench: EnqueueBench
    private let desk: OneRosterDesk

    init() throws {
        bench = try EnqueueBench()
        try bench.broker.createTopic(Self.topic, partitions: 3)
        desk = try OneRosterDesk()
    }

    private func run(
        _ path: String, roster: String = "sis", _ options: [String] = [],
        environment: [String: String] = [:]
    ) throws -> EnqueueBench.Answer {
        let catalog = try desk.folder.file(Self.catalog.utf8)
        return try bench.run(
            ["roster-import", "--roster", roster, "--format", "oneroster", "--catalog", catalog]
                + options + [path],
            environment: environment)
    }

    private func zip() throws -> String {
        try desk.zip(
            OneRosterSample().contents().map {
                OneRosterZip.Entry(name: $0.name, bytes: $0.bytes)
            })
    }

    @Test("the files that the roster takes are sent in its order, and nothing is left behind")
    func sent() throws {
        let answer = try run(try zip())
        #expect(answer.status == .exited(0))
        #expect(
            answer.errors.hasPrefix(
                "rollcall: sis does not take academicSessions, classes, courses, demographics, "
                    + "lineItems, orgs, roles, userProfiles; left out\n"))
        let parts = try bench.records(2, of: Self.topic).compactMap { try $0.job.rosterPart }
        #expect(parts.map(\.file) == ["users", "enrollments"])
        #expect(parts.map(\.number) == [1, 2])
        #expect(parts.allSatisfy { $0.format == .oneroster && $0.count == 2 })
        var fields: [String] = []
        _ = try parts[1].readRows { row in fields.append(row.string(0) + row.string(5)) }
        #expect(fields == ["e0t1", "e1u1", "e2u2"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.directory) == [])
    }

    @Test("what hinders is told, and nothing is sent or left behind")
    func hindered() throws {
        let path = try zip()
        let without = try run(path, environment: ["PATH": desk.folder.path])
        #expect(without.status == .exited(2))
        #expect(
            without.errors.contains("expected the program unzip, which reads it, got "),
            "\(without.errors)")
        #expect(without.errors.contains("; install unzip, or unpack it and name the folder"))

        let large = try run(path, environment: ["ROLLCALL_ROSTER_FILE_BYTES": "1KiB"])
        #expect(large.status == .exited(65))
        #expect(
            large.errors == """
                rollcall: \(path): package.size: expected at most 1KiB when unpacked, got more
                rollcall: nothing was sent

                """)
        let unknown = try run(path, roster: "sisi")
        #expect(unknown.status == .exited(2))
        #expect(unknown.errors == "rollcall: --roster: expected one or sis, got \"sisi\"\n")
        #expect(
            try run(path, roster: "one").errors
                == "rollcall: --roster: expected a roster with files: for a package of several, got "
                + "\"one\", which takes one\n")
        let encoding = try run(path, ["--encoding", "utf-16"])
        #expect(
            encoding.errors.contains(
                "--encoding: expected utf-8, as OneRoster demands, got \"utf-16\""))
        let catalog = try bench.run([
            "roster-import", "--roster", "sis", "--format", "oneroster", path,
        ])
        #expect(catalog.status == .exited(78) && catalog.errors.contains("--catalog"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.directory) == [])
    }
}
