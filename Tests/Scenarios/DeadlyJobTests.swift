import Foundation
import Kafka
import Postgres
import Sandbox
import Testing

@testable import rollcall

/// A job that its workers do not survive.
@Suite struct DeadlyJobTests {
    @Test("a job that kills its workers ends failed, with its bytes, and its neighbours do not")
    func deadlyJob() throws {
        let stage = try Stage(partitions: 1)
        let connection = try stage.connect()
        let id = "00000000-0000-4000-8000-00000000dead"
        let deadly = DemoTraffic.Message(
            key: "enrollment/7",
            value: """
                {"specversion":"1.0","id":"\(id)","source":"/test","type":"rollcall.assign",\
                "data":{"relation":"enrollment","target":7,"members":[1,2]}}
                """)
        let traffic = DemoTraffic(
            count: 300, school: Stage.school, seed: scenarioSeed(),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        try stage.produce(traffic.messages.prefix(150))
        try stage.produce([deadly])
        try stage.produce(traffic.messages.dropFirst(150))
        var deaths = 0
        while true {
            let worker = try stage.startWorker(
                "worker-\(deaths)",
                environment: [
                    "ROLLCALL_FAIL_POINT": "during-job=\(id):kill", "ROLLCALL_RETRY_ATTEMPTS": "2",
                    "ROLLCALL_KAFKA_SESSION_TIMEOUT": "4s", "ROLLCALL_LANES": "2",
                    "ROLLCALL_KAFKA_PROPERTIES": "heartbeat.interval.ms=500",
                ])
            try stage.wait("the worker dies or all is done") {
                try worker.poll() != nil || DemoAudit.accountedFor(on: connection) == 301
            }
            guard worker.poll() != nil else {
                #expect(worker.terminate())
                #expect(worker.wait(timeout: .seconds(30)) == .exited(0))
                break
            }
            #expect(worker.wait() == .signaled(SIGKILL))
            deaths += 1
            try #require(deaths < 9)
        }
        // The first death makes suspects; then two attempts are counted.
        #expect(deaths == 3)
        let job = try connection.execute(
            """
            SELECT state, error_code, attempts, items, rejected FROM rollcall.jobs
            WHERE id = '\(id)'
            """)
        #expect(job.string(0, 0) == "failed")
        #expect(job.string(0, 1) == "worker-died")
        #expect((2...4).map { job.int(0, $0) } == [2, 2, 2])
        let letter = try connection.execute(
            "SELECT convert_from(value, 'UTF8') FROM rollcall.dead_letters WHERE job_id = '\(id)'")
        #expect(letter.count == 1)
        #expect(letter.string(0, 0) == deadly.value)
        let blamed = try connection.execute(
            "SELECT FROM rollcall.jobs WHERE error_code = 'worker-died' OR attempts > 1")
        #expect(blamed.count == 1)
        #expect(try connection.execute("SELECT FROM rollcall.attempt").count == 0)
        #expect(try stage.lag() == 0)
        // Without it all is as if it had never been there.
        try connection.script(
            """
            DELETE FROM rollcall.job WHERE id = '\(id)';
            DELETE FROM rollcall.rejection WHERE job_id = '\(id)';
            DELETE FROM rollcall.dead_letter WHERE job_id = '\(id)';
            """)
        try stage.audit(traffic, on: connection)
    }
}
