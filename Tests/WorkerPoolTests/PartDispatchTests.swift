import Execution
import Jobs
import Testing

@testable import WorkerPool

/// When lanes look for parts.
@Suite struct PartDispatchTests {
    private let start = ContinuousClock.now
    private let policy = RetryPolicy(
        firstDelay: .milliseconds(100), maxDelay: .seconds(4), attempts: 3)

    /// The value in a box: an expectation calls nothing that changes a value.
    private final class Box {
        private var value: PartDispatch

        init(_ value: PartDispatch) { self.value = value }

        var busy: Int { value.busy }
        var nextDue: ContinuousClock.Instant? { value.nextDue }
        var waitsFor: String? { value.waitsFor }

        func begin(at now: ContinuousClock.Instant) -> Bool { value.begin(at: now) }
        func wake(at now: ContinuousClock.Instant) { value.wake(at: now) }

        func end(_ ending: PartDispatch.Ending, at now: ContinuousClock.Instant, random: Double) {
            value.end(ending, at: now, random: random)
        }
    }

    private func dispatch(lanes: Int = 2) -> Box {
        Box(PartDispatch(lanes: lanes, pollInterval: .seconds(1), policy: policy, at: start))
    }

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant {
        start + .milliseconds(milliseconds)
    }

    private var failure: PartDispatch.Ending {
        .failed(
            Failure(
                kind: .infrastructure, text: "gone", isSilent: true,
                verdict: Rejection(code: "x", message: "y")))
    }

    @Test func anIdleWorkerAsksOnceAnInterval() {
        let dispatch = dispatch()
        var questions = 0
        for millisecond in stride(from: 0, to: 10_000, by: 10) {
            while dispatch.begin(at: at(millisecond)) {
                questions += 1
                dispatch.end(.idle(nil), at: at(millisecond), random: 1)
            }
        }
        #expect(questions == 10)
    }

    @Test func othersFollowWhenOneHasFoundSomething() {
        let dispatch = dispatch()
        #expect(dispatch.begin(at: at(0)))
        #expect(!dispatch.begin(at: at(0)))
        dispatch.wake(at: at(5))
        #expect(dispatch.begin(at: at(5)))
        #expect(dispatch.busy == 2)
    }

    @Test(arguments: 0...4)
    func neverMoreThanTheShareIsBusy(_ lanes: Int) {
        let dispatch = dispatch(lanes: lanes)
        var most = 0
        for millisecond in 0..<100 {
            dispatch.wake(at: at(millisecond))
            while dispatch.begin(at: at(millisecond)) {}
            most = max(most, dispatch.busy)
            if millisecond % 3 == 0, dispatch.busy > 0 {
                dispatch.end(.worked, at: at(millisecond), random: 0)
            }
        }
        #expect(most == lanes)
        if lanes == 0 { #expect(dispatch.nextDue == nil) }
    }

    @Test func afterWorkThereMayBeMore() {
        let dispatch = dispatch()
        #expect(dispatch.begin(at: at(0)))
        dispatch.end(.worked, at: at(40), random: 0)
        #expect(dispatch.begin(at: at(40)))
    }

    @Test func itComesBackWhenItIsTold() {
        let dispatch = dispatch()
        #expect(dispatch.begin(at: at(0)))
        dispatch.end(.idle(.milliseconds(30)), at: at(10), random: 0)
        #expect(dispatch.nextDue == at(40))
        #expect(!dispatch.begin(at: at(39)))
        #expect(dispatch.begin(at: at(40)))
        // And not later than usual, however long it is told to wait.
        dispatch.end(.idle(.seconds(60)), at: at(50), random: 0)
        #expect(dispatch.nextDue == at(1_040))
    }

    @Test func aDatabaseThatIsAwayIsAskedByOneLaneWithGrowingDelays() {
        let dispatch = dispatch()
        var asked: [Int] = []
        for millisecond in 0..<20_000 {
            dispatch.wake(at: at(millisecond))
            while dispatch.begin(at: at(millisecond)) {
                asked.append(millisecond)
                #expect(dispatch.busy == 1)
                dispatch.end(failure, at: at(millisecond), random: 1)
            }
        }
        #expect(
            zip(asked.dropFirst(), asked).map { $0 - $1 }.prefix(6) == [
                100, 200, 400, 800, 1_600, 3_200,
            ])
        #expect(asked.count == 10)
        #expect(dispatch.waitsFor == "database: gone")
        dispatch.wake(at: at(30_000))
        #expect(dispatch.begin(at: at(30_000)))
        // Nobody else asks while one does.
        dispatch.wake(at: at(30_001))
        #expect(!dispatch.begin(at: at(30_001)))
        dispatch.end(.worked, at: at(30_002), random: 1)
        #expect(dispatch.waitsFor == nil)
        #expect(dispatch.begin(at: at(30_002)))
        dispatch.wake(at: at(30_003))
        #expect(dispatch.begin(at: at(30_003)))
    }
}
