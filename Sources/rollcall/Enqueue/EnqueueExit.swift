import ArgumentParser

/// The exit codes of `rollcall enqueue`.
enum EnqueueExit {
    static let usage = ExitCode(2)
    static let jobFailed = ExitCode(5)
    static let rejections = ExitCode(6)
    static let cancelled = ExitCode(7)
    static let timedOut = ExitCode(124)
    static let interrupted = ExitCode(130)
}
