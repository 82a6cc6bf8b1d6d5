import Execution
import Testing

@testable import WorkerPool

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(
        firstDelay: .milliseconds(100), maxDelay: .seconds(10), attempts: 3)

    private func action(
        _ failure: FailureClass, messages: Int = 1, failures: Int = 0, tries: Int = 1,
        random: Double = 1
    ) -> RetryPolicy.Action {
        policy.action(
            after: failure, messages: messages, failures: failures, tries: tries, random: random)
    }

    @Test(arguments: [FailureClass.infrastructure, .contention])
    func whatIsNobodysFaultIsTriedAgainForEver(_ failure: FailureClass) {
        #expect(action(failure, messages: 500) == .wait(.milliseconds(100)))
        #expect(action(failure, failures: 99) == .wait(.milliseconds(100)))
        #expect(action(failure, tries: .max) == .wait(.seconds(10)))
    }

    @Test(arguments: [
        (1, Duration.milliseconds(100)), (2, .milliseconds(200)), (3, .milliseconds(400)),
        (7, .milliseconds(6_400)), (8, .seconds(10)), (64, .seconds(10)),
    ])
    func theDelayDoublesUpToTheLimit(tries: Int, delay: Duration) {
        #expect(action(.infrastructure, tries: tries) == .wait(delay))
    }

    @Test func halfOfTheDelayIsLeftToChance() {
        #expect(action(.contention, random: 0) == .wait(.milliseconds(50)))
        #expect(action(.contention, random: 0.5) == .wait(.milliseconds(75)))
        #expect(action(.contention, tries: 20, random: 0) == .wait(.seconds(5)))
    }

    @Test(arguments: [FailureClass.timeout, .permanent])
    func aBatchIsHalvedUntilOneMessageStandsAlone(_ failure: FailureClass) {
        #expect(action(failure, messages: 2, failures: 3, tries: 9) == .halve)
        #expect(action(failure, messages: 1, failures: 1) == .count(.milliseconds(100)))
        #expect(action(failure, messages: 1, failures: 2, tries: 2) == .count(.milliseconds(200)))
        #expect(action(failure, messages: 1, failures: 3) == .giveUp)
        #expect(action(failure, messages: 1, failures: 4) == .giveUp)
    }
}
