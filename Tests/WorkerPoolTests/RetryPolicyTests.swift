import Testing

@testable import WorkerPool

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(
        firstDelay: .milliseconds(100), maxDelay: .seconds(10), attempts: 3)

    @Test(arguments: [
        (1, Duration.milliseconds(100)), (2, .milliseconds(200)), (3, .milliseconds(400)),
        (7, .milliseconds(6_400)), (8, .seconds(10)), (64, .seconds(10)), (.max, .seconds(10)),
    ])
    func theDelayDoublesUpToTheLimit(tries: Int, delay: Duration) {
        #expect(policy.delay(after: tries, random: 1) == delay)
    }

    @Test func halfOfTheDelayIsLeftToChance() {
        #expect(policy.delay(after: 1, random: 0) == .milliseconds(50))
        #expect(policy.delay(after: 1, random: 0.5) == .milliseconds(75))
        #expect(policy.delay(after: 20, random: 0) == .seconds(5))
    }
}
