import Foundation
import Jobs
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// What people see of workers and messages, and what they do about dead letters.
@Suite struct OverviewTests {
    private func lines(_ arguments: [String], on stage: Stage) throws -> [[String]] {
        let run = try stage.run(arguments)
        #expect(run.status == .exited(0), "\(run.errors)")
        return run.output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private func job(_ number: Int, relation: String = "enrollment") -> (
        key: String?, value: String?, headers: [Header]
    ) {
        (
            "k",
            """
            {"specversion":"1.0","id":"00000000-0000-4000-8000-00000000000\(number)",\
            "source":"/test","type":"rollcall.assign",\
            "data":{"relation":"\(relation)","target":7,"members":[1,2,3]}}
            """, []
        )
    }

    @Test("workers, lag and throughput say what is there")
    func overview() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        try stage.produce([job(1), job(2)])
        let behind = try lines(["lag"], on: stage)
        #expect(
            behind[0] == [
                "GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "OLDEST",
            ])
        let own = try #require(behind.first { $0[1] == Stage.topic })
        #expect(Array(own[2...5]) == ["0", "", "2", "2"])
        #expect(Double(own[6]).map { $0 >= 0 && $0 < 600 } == true)

        _ = try stage.startWorker("worker")
        try stage.wait("both jobs are done and committed") {
            try connection.execute("SELECT FROM rollcall.jobs").count == 2
                && lines(["lag"], on: stage).first { $0[1] == Stage.topic }?[5] == "0"
        }
        let workers = try lines(["workers"], on: stage)
        #expect(workers.count == 2)
        #expect(workers[1][2] == "running")
        let json = try stage.run(["workers", "--json"])
        #expect(json.output.hasPrefix(#"{"api_version":"1","workers":[{"id":"#))

        let throughput = try lines(["throughput", "--since", "5m"], on: stage)
        #expect(throughput.count == 31)
        #expect(throughput.dropFirst().compactMap { Int($0[5]) }.reduce(0, +) == 2)
        #expect(throughput.dropFirst().compactMap { Int($0[6]) }.reduce(0, +) == 6)
    }

    @Test("a dead letter is listed, shown, sent again and discarded")
    func deadLetters() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        _ = try stage.startWorker("worker")
        try stage.produce([job(1, relation: "enrolment"), job(2)])
        func letters(_ count: Int) throws {
            try stage.wait("\(count) dead letters") {
                try connection.execute("SELECT FROM rollcall.dead_letters").count == count
            }
        }
        try letters(1)
        let list = try lines(["dead-letters", "list", "--code", "unknown-relation"], on: stage)
        #expect(list.count == 2)
        #expect(list[1][2] == "\(Stage.topic)[0] @ 0")
        #expect(list[1][6].contains("did you mean enrollment?"))
        let letter = list[1][0]
        let shown = try stage.run(["dead-letters", "show", letter, "--value"])
        #expect(shown.output == job(1, relation: "enrolment").value)

        let requeued = try stage.run(["dead-letters", "requeue", "--code", "unknown-relation"])
        #expect(requeued.output == "\(letter) requeued\n", "\(requeued.errors)")
        try letters(2)
        let again = try #require(try lines(["dead-letters", "list"], on: stage).last)
        #expect(again[2] == "\(Stage.topic)[0] @ 2")
        let twice = try stage.run(["dead-letters", "requeue", letter])
        #expect(twice.status == .exited(1))
        #expect(twice.errors.contains("expected an open dead letter"))
        #expect(try stage.run(["dead-letters", "discard", again[0]]).status == .exited(0))
        #expect(try lines(["dead-letters", "list"], on: stage).count == 1)
        #expect(
            try lines(["dead-letters", "list", "--all"], on: stage).dropFirst().map { $0[5] }
                == ["discarded", "requeued"])
        #expect(try stage.run(["dead-letters", "show", "999"]).status == .exited(3))
        #expect(try stage.run(["dead-letters", "discard"]).status == .exited(2))
    }
}
