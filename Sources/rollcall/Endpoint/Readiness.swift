import Kafka
import Operations
import Postgres
import Store
import Synchronization
import WorkerPool

/// Whether the worker can do its work now: one line a check.
struct Readiness {
    struct Check: Equatable {
        let name: String
        let isGood: Bool
        let text: String

        var line: String { "\(isGood ? "ok   " : "not  ") \(name): \(text)" }
    }

    let checks: [Check]
    /// How far the group is behind; nil where the brokers have not answered.
    let lag: [PartitionLag]?

    var response: HTTPResponse {
        let isReady = checks.allSatisfy(\.isGood)
        let lines = [isReady ? "ready" : "not ready"] + checks.map(\.line)
        return .text(isReady ? 200 : 503, lines.joined(separator: "\n"))
    }

    /// - Parameters:
    ///   - stage: nil before there is a pool.
    ///   - databaseFor: how long the question to the database has been open, where it has no answer.
    init(
        database: Result<Migrator.State, any Error>?, databaseFor: Duration?,
        kafka: Result<[PartitionLag], KafkaError>?, kafkaFor: Duration?, stage: PoolStage?
    ) {
        checks =
            Self.database(database, databaseFor) + [Self.kafka(kafka, kafkaFor), Self.stage(stage)]
        lag = try? kafka?.get()
    }

    private static func database(
        _ answer: Result<Migrator.State, any Error>?, _ time: Duration?
    ) -> [Check] {
        let schema = "schema"
        switch answer {
        case .success(let state):
            return [
                Check(name: "database", isGood: true, text: "answers"),
                Check(name: schema, isGood: state.fits, text: "\(state)"),
            ]
        case .failure(let error) where (error as? PostgresError)?.sqlState == nil:
            return [
                Check(name: "database", isGood: false, text: "\(error)"),
                Check(name: schema, isGood: false, text: "not known"),
            ]
        case .failure(let error):
            return [
                Check(name: "database", isGood: true, text: "answers"),
                Check(name: schema, isGood: false, text: "\(error)"),
            ]
        case nil:
            return [
                Check(name: "database", isGood: false, text: silence(time)),
                Check(name: schema, isGood: false, text: "not known"),
            ]
        }
    }

    private static func kafka(
        _ answer: Result<[PartitionLag], KafkaError>?, _ time: Duration?
    ) -> Check {
        switch answer {
        case .success: Check(name: "kafka", isGood: true, text: "answers")
        case .failure(let error): Check(name: "kafka", isGood: false, text: "\(error)")
        case nil: Check(name: "kafka", isGood: false, text: silence(time))
        }
    }

    private static func stage(_ stage: PoolStage?) -> Check {
        let name = "partitions"
        return switch stage {
        case nil: Check(name: name, isGood: false, text: "the worker is starting")
        case .joining?: Check(name: name, isGood: true, text: "waiting for a place in the group")
        case .member(partitions: 0)?:
            Check(name: name, isGood: true, text: "none for this worker, waiting for some")
        case .member(let partitions)?:
            Check(name: name, isGood: true, text: "\(partitions) assigned")
        case .stopping?: Check(name: name, isGood: false, text: "the worker is stopping")
        }
    }

    private static func silence(_ time: Duration?) -> String {
        let seconds = time.map { ", asked \(Int($0.timeInterval)) s ago" } ?? ""
        return "expected an answer within \(WorkerEndpoint.patience), got none\(seconds)"
    }
}

extension Readiness {
    /// Asks all at the same time.
    static func ask(
        _ database: Probe<Result<Migrator.State, any Error>>,
        _ kafka: Probe<Result<[PartitionLag], KafkaError>>, _ stage: PoolStage?,
        then: @escaping @Sendable (Readiness) -> Void
    ) {
        struct Answers {
            var database: Result<Migrator.State, any Error>?
            var kafka: Result<[PartitionLag], KafkaError>?
            var left = 2
        }
        let answers = Shared(Answers())
        @Sendable func note(_ change: (inout Answers) -> Void) {
            let complete = answers.value.withLock { answers in
                change(&answers)
                answers.left -= 1
                return answers.left == 0 ? answers : nil
            }
            guard let complete else { return }
            then(
                Readiness(
                    database: complete.database, databaseFor: database.openFor,
                    kafka: complete.kafka, kafkaFor: kafka.openFor, stage: stage))
        }
        database.ask(within: WorkerEndpoint.patience) { answer in
            note { $0.database = answer }
        }
        kafka.ask(within: WorkerEndpoint.patience) { answer in
            note { $0.kafka = answer }
        }
    }

    /// What several closures change.
    private final class Shared<Value: Sendable>: Sendable {
        let value: Mutex<Value>

        init(_ value: Value) { self.value = Mutex(value) }
    }
}
