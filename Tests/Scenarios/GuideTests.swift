import Catalog
import Foundation
import Sandbox
import Testing

@testable import rollcall

/// The guide, done as it is written.
@Suite struct GuideTests {
    private static let folder = "\(Stage.root)/Sources/rollcall/Documentation.docc"

    /// A fenced block of an article.
    private struct Block {
        let language: String
        let text: String

        static func all(in article: String) throws -> [Block] {
            let text = try String(contentsOfFile: "\(folder)/\(article).md", encoding: .utf8)
            return text.matches(of: /(?m:^)```(\w*)\n((?s:.*?))```/).map { match in
                Block(language: String(match.1), text: String(match.2))
            }
        }
    }

    /// What some of the commands must say.
    private static let answers: [(command: String, answers: [String])] = [
        ("--target 1 --members 1,2,3 --wait", ["created 3"]),
        ("--members 3,4,5000,x --wait", ["created 1", "unchanged 1", "rejected 2"]),
        ("status @last", ["unknown-user", "invalid-value"]),
        ("--members 1,2,3,4 --wait", ["created 4"]),
        (#""role":"ta"}' --wait"#, ["updated 1"]),
        (#""role":"boss"}' --wait"#, ["rejected 1"]),
        ("--target 13 --members 1 --wait", ["rejected 1"]),
        ("enqueue jobs.jsonl --wait", ["3 jobs ended", "3 succeeded;"]),
        ("--exact --dry-run --wait", ["unchanged 2 · removed 2"]),
        ("--exact --wait", ["unchanged 2 · removed 2"]),
        ("unassign --relation enrollment --target 3", ["removed 2"]),
        ("-c 'TABLE school.enrollment'", ["(6 rows)"]),
        ("rollcall migrate --database", ["nothing to do"]),
        ("rollcall catalog check", ["ok: enrollment: "]),
        ("rollcall status --database", ["succeeded"]),
    ]

    @Test("every command of the guide does what the guide says, with the privileges that it grants")
    func guide() throws {
        let stage = try Stage(isMigrated: false)
        let blocks = try Block.all(in: "FromTableToCatalog")
        var walk = Walk(stage)
        // The first two are the building of this program and the making of the folder.
        let commands = blocks.indices.filter { blocks[$0].language == "sh" }.dropFirst(2)
        for (index, block) in blocks.enumerated() {
            switch block.language {
            case "sql": try walk.write(block.text, "school.sql")
            case "yaml": try walk.write(block.text, "school.yaml")
            case "json": try walk.write(block.text, "jobs.jsonl")
            case "sh" where commands.contains(index):
                for line in block.text.split(separator: "\n") {
                    let next = blocks.indices.contains(index + 1) ? blocks[index + 1] : nil
                    try walk.run(String(line), guideAnswer: next?.language == "" ? next?.text : nil)
                }
            default: break
            }
        }
        for answer in Self.answers {
            #expect(walk.asked.contains { $0.contains(answer.command) }, "\(answer.command)")
        }
        // The last sandbox has only what grants.sql gives.
        let last = try #require(walk.others.last)
        #expect(last.text.contains("postgresql://rollcall_worker@"))
        let good = try walk.shell(last, last.script(" enqueue assign "))
        #expect(good.output.contains("created 1"), "\(good.output)")
        try walk.write("{", "bad.jsonl")
        _ = try walk.shell(
            last,
            "cd \(walk.directory)\n\(last.script("export "))\n"
                + "\(Stage.executable) enqueue --no-check bad.jsonl")
        try stage.wait("the dead letter is published") {
            let count = try last.ask(
                "SELECT count(*) FROM rollcall.dead_letters WHERE published_at IS NOT NULL")
            return count == "1"
        }
        let removed = try walk.shell(
            last,
            last.script(" enqueue assign ").replacing(
                " enqueue assign ", with: " enqueue unassign "))
        #expect(removed.output.contains("removed 3"), "\(removed.output)")
        #expect(!last.text.contains(" warning "), "\(last.text)")
    }

    @Test("every example of the language's reference can be read, and every key has one")
    func reference() throws {
        let article = "CatalogLanguage"
        let blocks = try Block.all(in: article).filter { $0.language == "yaml" }
        var used: Set<String> = []
        for block in blocks {
            var relation = block.text
            if !relation.hasPrefix("catalog:") {
                for key in ["table", "target", "member"] where !relation.contains("\(key): ") {
                    relation = "\(key): \(key == "member" ? "user_id" : "course_id")\n" + relation
                }
                let lines = relation.split(separator: "\n").map { "    \($0)" }
                relation = "catalog: c\nrelations:\n  r:\n" + lines.joined(separator: "\n")
            }
            #expect(throws: Never.self, "\(relation)") {
                try Catalog(files: [(path: article, text: relation)])
            }
            used.formUnion(block.text.matches(of: /(?m:^)(\w+):/).map { String($0.1) })
        }
        // An unknown key is answered with all that are known.
        let faults = #expect(throws: CatalogFaults.self) {
            try Catalog(files: [(path: "", text: "catalog: c\nrelations: { r: { x: 1 } }")])
        }
        let answer = try #require(faults?.description.firstMatch(of: /expected one of (.*?), got/))
        let known = answer.1.split(separator: ", ").map(String.init)
        #expect(known.count > 15)
        #expect(known.filter { !used.contains($0) } == [])
    }

    @Test(
        "every example of the articles on backfills and rosters can be read",
        arguments: ["Backfills", "RosterCatalog"])
    func examples(article: String) throws {
        let blocks = try Block.all(in: article).filter { $0.language == "yaml" }
        #expect(blocks.count >= 2)
        for block in blocks {
            #expect(throws: Never.self, "\(block.text)") {
                try Catalog(files: [(path: article, text: block.text)])
            }
        }
    }

    /// What a person does who follows the guide.
    private struct Walk {
        let stage: Stage
        let directory: String
        /// The sandbox of the first terminal, and those beside it.
        var first: SandboxProcess?
        var others: [SandboxProcess] = []
        var asked: [String] = []
        private var variables: [String] = []

        init(_ stage: Stage) {
            self.stage = stage
            directory = stage.directory
        }

        mutating func write(_ text: String, _ name: String) throws {
            try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
        }

        func shell(_ sandbox: SandboxProcess, _ script: String) throws -> (
            status: Sandbox.ExitStatus, output: String
        ) { try sandbox.shell(script) }

        mutating func run(_ line: String, guideAnswer: String?) throws {
            if line.hasPrefix("rollcall sandbox ") {
                return try runSandbox(line, guideAnswer: guideAnswer)
            }
            let sandbox = try #require(first)
            if line.firstMatch(of: /^\w+=/) != nil { return variables.append(line) }
            asked.append(line)
            let script =
                ["cd \(directory)", sandbox.script("export "), "PATH=\(Self.program):$PATH"]
                + variables + [line]
            let (status, output) = try sandbox.shell(script.joined(separator: "\n"))
            #expect(
                status == .exited(0) || output.contains("rejected 1")
                    || output.contains("rejected 2"), "\(line): \(status) \(output)")
            for answer in answers where line.contains(answer.command) {
                for text in answer.answers { #expect(output.contains(text), "\(line): \(output)") }
            }
        }

        private mutating func runSandbox(_ line: String, guideAnswer: String?) throws {
            let words = try line.split(separator: " ").dropFirst(2).map { try argument(String($0)) }
            if let guideAnswer, guideAnswer.hasPrefix("error: ") {
                let (status, output, _) = try stage.run(
                    ["sandbox"] + words, environment: SandboxProcess.environment(in: stage))
                #expect(status == .exited(78))
                #expect(output == guideAnswer)
                return
            }
            if words.contains(where: { $0.hasSuffix("/school.sql") }) {
                if let first { #expect(try first.interrupt() == .exited(0)) }
                first = try SandboxProcess(words, in: stage)
            } else {
                others.append(try SandboxProcess(words, in: stage))
            }
            guard let guideAnswer, let sandbox = others.last ?? first else { return }
            let findings = guideAnswer.split(separator: "\n").prefix(1)
            #expect(sandbox.text.hasPrefix(findings.joined()), "\(sandbox.text)")
        }

        /// Files are in the folder, and the one variable that is used holds the address for another role.
        private func argument(_ word: String) throws -> String {
            if word.hasSuffix(".sql") || word.hasSuffix(".yaml") { return "\(directory)/\(word)" }
            guard word == "\"$worker_url\"" else { return word }
            let script =
                try #require(first).script("export ") + "\n" + variables.joined(separator: "\n")
            return try #require(first).shell(script + "\nprintf %s \(word)").output
        }

        private static let program = URL(filePath: Stage.executable).deletingLastPathComponent()
            .path
    }
}
