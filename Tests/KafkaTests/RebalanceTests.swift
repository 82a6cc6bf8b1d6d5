import Kafka
import Synchronization
import Testing

@Suite(.onOwnThread) struct RebalanceTests {
    private func all(_ bench: Bench, _ count: Int32) -> [TopicPartition] {
        (0..<count).map { bench.partition($0) }
    }

    @Test("a second member takes only what it gets; commits inside revoke hold")
    func cooperative() throws {
        let bench = try Bench(partitions: 4)
        for partition in Int32(0)..<4 { try bench.send(5, to: partition) }
        let failures = Mutex<[KafkaError]>([])
        let early = RecordingListener(onRevoked: { partitions, consumer in
            let offsets = Dictionary(uniqueKeysWithValues: partitions.map { ($0, Int64(5)) })
            do throws(KafkaError) {
                try consumer.commit(offsets)
            } catch {
                failures.withLock { $0.append(error) }
            }
        })
        let first = try bench.consumer(early)
        _ = try poll(first, records: 20)
        #expect(early.changes == [.assigned(all(bench, 4))])

        let late = RecordingListener()
        let second = try bench.consumer(late)
        let isShared = { first.assignment().count == 2 && second.assignment().count == 2 }
        var records = try poll(first, second) { _, _ in isShared() }.records
        #expect(early.revoked.count == 2)
        #expect(early.revoked.sorted() == second.assignment())
        #expect(Set(first.assignment() + second.assignment()) == Set(all(bench, 4)))
        #expect(late.revoked == [] && late.lost == [])

        for partition in Int32(0)..<4 { try bench.send(1, from: 5, to: partition) }
        records += try poll(first, second) { records, _ in
            records.count { $0.text == "5" } >= 4
        }.records
        // The broker may refuse a commit where one rebalance follows another at once.
        let refused = failures.withLock { $0 }
        #expect(refused.allSatisfy { $0.name == "REBALANCE_IN_PROGRESS" }, "\(refused)")
        // Whoever reads now starts after a commit that held, and nothing comes twice; after one that
        // was refused it comes again, and nothing is missing.
        let texts = records.map(\.text)
        #expect(refused.isEmpty ? texts == ["5", "5", "5", "5"] : texts.count { $0 == "5" } == 4)

        second.close()
        #expect(late.revoked.sorted() == early.revoked.sorted())
        _ = try poll(first) { _, _ in first.assignment().count == 4 }
        first.close()
        #expect(early.revoked.count == 2 + 4)
        #expect(early.lost == [])
    }

    @Test("the eager protocol revokes everything first")
    func eager() throws {
        let bench = try Bench(partitions: 4)
        let range = ["partition.assignment.strategy": "range"]
        let early = RecordingListener()
        let late = RecordingListener()
        let first = try bench.consumer(early, range)
        _ = try poll(first) { _, _ in first.assignment().count == 4 }
        let second = try bench.consumer(late, range)
        _ = try poll(first, second) { _, _ in
            first.assignment().count == 2 && second.assignment().count == 2
        }
        #expect(early.changes.prefix(2) == [.assigned(all(bench, 4)), .revoked(all(bench, 4))])
        // A slow machine may rebalance more often, but never with anything left assigned.
        for changes in [early.changes, late.changes] {
            for (before, after) in zip(changes, changes.dropFirst()) {
                if case .assigned(let partitions) = before {
                    #expect(after == .revoked(partitions))
                }
            }
        }
        #expect(early.changes.last == .assigned(first.assignment()))
        #expect(late.changes.last == .assigned(second.assignment()))
        first.close()
        second.close()
    }

    @Test("a member the group has forgotten loses its partitions and comes back")
    func lost() throws {
        let bench = try Bench(partitions: 2)
        let listener = RecordingListener()
        let consumer = try bench.consumer(listener, ["heartbeat.interval.ms": "100"])
        _ = try poll(consumer) { _, _ in consumer.assignment().count == 2 }
        bench.broker.failRequests(apiKey: 12, errors: [25])  // UNKNOWN_MEMBER_ID
        _ = try poll(consumer) { _, _ in listener.changes.count >= 3 }
        #expect(
            listener.changes.prefix(3) == [
                .assigned(all(bench, 2)), .lost(all(bench, 2)), .assigned(all(bench, 2)),
            ])
        consumer.close()
    }

    @Test("a poll returns nothing of a partition that was revoked inside it")
    func withdrawn() throws {
        let bench = try Bench(partitions: 2)
        let listener = RecordingListener()
        let first = try bench.consumer(listener)
        try bench.send(1_000, to: 0)
        try bench.send(1_000, to: 1)
        _ = try poll(first) { _, _ in first.assignment().count == 2 }
        let second = try bench.consumer()
        let end = ContinuousClock.now + .seconds(30)
        while listener.revoked.isEmpty {
            try #require(ContinuousClock.now < end)
            var records: [Record] = []
            _ = first.poll(max: 100_000, timeoutMilliseconds: 20, into: &records)
            let gone = Set(listener.revoked)
            #expect(!records.contains { gone.contains($0.topicPartition) })
            _ = second.poll(max: 1, timeoutMilliseconds: 20, into: &records)
            // Reading ahead again keeps records on their way when the revoke comes.
            if gone.isEmpty {
                try? first.seek(
                    [bench.partition(0): 0, bench.partition(1): 0], timeoutMilliseconds: 1_000)
            }
        }
        first.close()
        second.close()
    }
}
