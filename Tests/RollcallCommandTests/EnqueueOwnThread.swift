import Foundation
import Testing

/// Runs each test of a suite on a thread of its own: waiting for a broker or a process blocks, and
/// the few threads that tests share are for those that compute.
struct EnqueueOwnThread: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTaskExecutorPreference(ThreadExecutor()) { try await function() }
    }
}

extension Trait where Self == EnqueueOwnThread {
    static var onThreadOfItsOwn: EnqueueOwnThread { EnqueueOwnThread() }
}

private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
