import ArgumentParser
import Foundation
import Kafka
import Postgres
import Sandbox
import Store

/// `rollcall demo`: the whole way of some 5,000 jobs on this machine, checked at its end.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Runs everything on this machine, shows what happens, and checks the result.",
        discussion: """
            Starts a private Postgres in a temporary directory, an embedded broker and two worker \
            processes; nothing is left behind. Needs Debian's package postgresql.

            Examples:
              rollcall demo
              rollcall demo --messages 20000 --seed 2026
            """)

    @Option(help: "The school's catalog file.")
    var catalog = "Config/catalogs/school.yaml"

    @Option(help: "How many messages to send.")
    var messages = 5_000

    @Option(help: "The seed of the traffic; default: a new one every time.")
    var seed: UInt64 = .random(in: 1...999_999)

    @Flag(help: "Leave it running until Ctrl-C, and say how to talk to it.")
    var keep = false

    func validate() throws {
        guard (1...20_000).contains(messages) else {
            throw ValidationError(
                "--messages: expected 1 to 20000, which the embedded broker holds, got \(messages)")
        }
        guard FileManager.default.isReadableFile(atPath: catalog) else {
            throw ValidationError(
                "--catalog: expected a readable file, got \(catalog); run it in the repository")
        }
    }

    func run() throws {
        let signals = StopSignals()
        let stage = try DemoStage(catalog: catalog)
        defer { stage.clear() }
        do {
            try perform(on: stage, signals)
        } catch is DemoInterrupted {
            throw ExitCode(130)
        } catch let fault as DemoFault {
            complain("\(fault)")
            stage.showLogs()
            throw ExitCode.failure
        }
    }

    private func perform(on stage: DemoStage, _ signals: StopSignals) throws {
        let traffic = DemoTraffic(
            count: messages, school: DemoStage.school, seed: seed,
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.startWorkers(2)
        heading(
            "Two workers are running; \(traffic.messages.count) messages go to Kafka (seed \(seed))"
        )
        let started = ContinuousClock.now
        try stage.produce(traffic.messages)
        try DemoProgress(stage: stage, traffic: traffic, signals: signals).watch(since: started)

        heading("rollcall status --limit 8")
        try stage.rollcall("status", "--limit", "8")
        if let job = traffic.showcase {
            heading("rollcall status \(job)")
            try stage.rollcall("status", "\(job)")
        }
        heading("A dead letter, as rollcall.dead_letters has it")
        print(try stage.deadLetter())
        heading("What is in the tables")
        let findings = try DemoAudit(connection: stage.connection, traffic: traffic).findings()
        for finding in findings { print(finding.line) }
        if let wrong = findings.first(where: { !$0.isRight }) {
            throw DemoFault("the tables and the jobs do not agree: \(wrong.what)")
        }
        print("\nTables, receipts and what was asked for agree.")
        guard keep else { return }
        heading("It stays until Ctrl-C")
        print(stage.invitation)
        fflush(nil)
        while !signals.isStopped { signals.wait(.seconds(3_600)) }
    }

    private func heading(_ text: String) {
        print("\n== \(text)\n")
        fflush(nil)
    }
}

/// The demo did not go as it must.
struct DemoFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Somebody pressed Ctrl-C.
struct DemoInterrupted: Error {}
