import Testing

@Suite struct ImportCheckTests {
    @Test(
        "an import is found in every form",
        arguments: [
            "import Kafka",
            "  import Kafka  ",
            "\timport Kafka",
            "internal import Kafka",
            "public import Kafka // why",
            "@testable import Kafka",
            "@preconcurrency import Kafka",
            "@_spi(Testing) @preconcurrency public import Kafka",
            "@preconcurrency\nimport Kafka",
            "import struct Kafka.Record",
            "private import func Kafka.poll",
            "import Kafka.Record",
            "import `Kafka`",
            "/* the broker */ import Kafka",
            "#if os(Linux)\n    import Kafka\n#endif",
            "let a = 1; import Kafka",
        ])
    func found(text: String) {
        #expect(ImportCheck.modules(importedBy: text) == ["Kafka"])
    }

    @Test(
        "what only looks like an import is none",
        arguments: [
            "// import Kafka", "/// import Kafka", "/* import Kafka */", "/*\nimport Kafka\n*/",
            "let text = \"import Kafka\"", "important(Kafka)", "func imports() {}", "",
        ])
    func notFound(text: String) {
        #expect(ImportCheck.modules(importedBy: text).isEmpty)
    }

    @Test("several imports are found in their order")
    func several() {
        let text = "import B\ninternal import A; import C\n\nstruct D {}\n"
        #expect(ImportCheck.modules(importedBy: text) == ["B", "A", "C"])
    }

    @Test(
        "a forbidden arrow is named with file, import and what is allowed",
        arguments: [
            ("Jobs", "Glibc", "nothing but the standard library"),
            ("Jobs", "Foundation", "nothing but the standard library"),
            ("Kafka", "Jobs", "CLibrdkafka, Glibc, Synchronization"),
            ("Kafka", "Postgres", "CLibrdkafka, Glibc, Synchronization"),
            ("Postgres", "CLibrdkafka", "CLibpq, Synchronization"),
            ("Store", "Catalog", "Jobs, Postgres"),
            ("Catalog", "Store", "Jobs, Postgres, Yams"),
            (
                "Execution", "Kafka",
                "Catalog, Crypto, CryptoExtras, Dispatch, FoundationEssentials, Glibc, Jobs, Postgres, Store, Synchronization"
            ),
            (
                "Execution", "WorkerPool",
                "Catalog, Crypto, CryptoExtras, Dispatch, FoundationEssentials, Glibc, Jobs, Postgres, Store, Synchronization"
            ),
            ("Operations", "WorkerPool", "Dispatch, Glibc, Logging, Synchronization"),
            ("rollcall", "CLibpq", "all but CLibpq, CLibrdkafka"),
            (
                "RollcallClient", "Foundation",
                "Glibc, Jobs, Kafka, Postgres, Store, Synchronization"
            ),
        ])
    func forbidden(room: String, module: String, allowed: String) {
        let file = SourceFile(
            path: "Sources/\(room)/Deep/File.swift", text: "@testable internal import \(module)\n")
        #expect(
            ImportCheck.violations(in: [file]).map(\.description) == [
                "Sources/\(room)/Deep/File.swift: \(room) imports \(module); "
                    + "it may import \(allowed)"
            ])
    }

    @Test("what the table allows is no violation")
    func allowed() {
        for (room, allowance) in House.rooms {
            guard case .only(let modules) = allowance else { continue }
            let text = modules.map { "import \($0)\n" }.joined()
            let file = SourceFile(path: "Sources/\(room)/File.swift", text: text)
            #expect(ImportCheck.violations(in: [file]).isEmpty)
        }
    }

    @Test("the table has no cycle, and no room knows the one that knows it")
    func noCycles() {
        func reachable(from room: String) -> Set<String> {
            guard case .only(let modules) = House.rooms[room] else { return [] }
            return modules.union(modules.flatMap { reachable(from: $0) })
        }
        for room in House.rooms.keys { #expect(!reachable(from: room).contains(room)) }
    }

    @Test("a room that is not in the table is a violation, with or without imports")
    func unknownRoom() {
        let file = SourceFile(path: "Sources/Attic/File.swift", text: "struct Box {}\n")
        #expect(
            ImportCheck.violations(in: [file]).map(\.message) == [
                "the room Attic is not in the table of HouseTests/House.swift"
            ])
    }

    @Test("a file that is in no room is a violation")
    func noRoom() {
        let file = SourceFile(path: "Sources/File.swift", text: "")
        #expect(ImportCheck.violations(in: [file]).count == 1)
    }
}
