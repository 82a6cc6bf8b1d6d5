import Testing

@testable import WorkerPool

@Suite struct LivenessTests {
    private static let limits = Liveness.Limits(
        turn: .seconds(50), work: .seconds(65), answer: .seconds(35))

    private func lane(
        _ work: LaneWatch.Work, busy: Int, waits: Int? = nil, quiet: Int
    ) -> LanePulse {
        LanePulse(
            number: 2, work: work, busyFor: .seconds(busy), waitsFor: waits.map { .seconds($0) },
            quietFor: .seconds(quiet), isConnected: true)
    }

    private func line(_ lane: LanePulse) -> Liveness.Line {
        Liveness(pollFor: .zero, isStopping: false, lanes: [lane], limits: Self.limits).lines[1]
    }

    private func poll(_ seconds: Int?, isStopping: Bool = false) -> Liveness.Line {
        Liveness(
            pollFor: seconds.map { .seconds($0) }, isStopping: isStopping, lanes: [],
            limits: Self.limits
        ).lines[0]
    }

    @Test func aLaneThatWaitsForTheDatabaseIsAliveHoweverLong() {
        #expect(
            line(lane(.batch, busy: 30, waits: 20, quiet: 20)).state
                == "at a batch for 30.0 s, waits for the database for 20.0 s")
        let long = line(lane(.part, busy: 100_000, waits: 90_000, quiet: 90_000))
        #expect(!long.isStalled)
        #expect(
            long.state.hasSuffix("longer than any statement may take: the server does not answer"))
    }

    @Test func aLaneThatDoesNotWaitForItMustGoOn() {
        #expect(!line(lane(.batch, busy: 1_000, quiet: 65)).isStalled)
        let hanging = line(lane(.batch, busy: 1_000, quiet: 66))
        #expect(hanging.isStalled)
        #expect(
            hanging.state
                == "at a batch for 1000.0 s, hangs outside the database for 66.0 s, expected "
                + "at most 65.0 s")
        #expect(!line(lane(.idle, busy: 1_000, quiet: 1_000)).isStalled)
    }

    @Test func thePollLoopMustTurn() {
        #expect(!poll(nil).isStalled)
        #expect(!poll(50).isStalled)
        #expect(poll(51).isStalled)
        #expect(poll(51).state == "at its turn for 51.0 s, expected at most 50.0 s")
        #expect(poll(3, isStopping: true).state == "stopping for 3.0 s")
    }

    @Test func histogramsCountByTheirUpperBounds() {
        var histogram = Histogram([1, 5, 10])
        for value in [0, 1, 1.5, 5, 10, 11, 1_000] { histogram.note(value) }
        #expect(histogram.counts == [2, 2, 1, 2])
        #expect(histogram.count == 7)
        #expect(histogram.sum == 1_028.5)
        var twice = histogram
        twice.add(histogram)
        #expect(twice.counts == [4, 4, 2, 4])
    }
}
