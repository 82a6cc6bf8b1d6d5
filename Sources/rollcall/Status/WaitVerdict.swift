import ArgumentParser
import Store

/// The exit code with which a wait for jobs ends.
enum WaitVerdict {
    static let noSuchJob = ExitCode(3)
    static let failed = ExitCode(5)
    static let rejections = ExitCode(6)
    static let cancelled = ExitCode(7)
    static let timedOut = ExitCode(124)
    static let wrongUsage = ExitCode(2)

    /// The worst of the jobs decides: one that failed, then a cancelled one, then rejections.
    static func exitCode(
        _ states: some Sequence<StatusQuery.State>, allowRejections: Bool
    ) -> ExitCode {
        let states = Set(states)
        if states.contains(.failed) { return failed }
        if states.contains(.cancelled) { return cancelled }
        if states.contains(.succeededWithRejections), !allowRejections { return rejections }
        return .success
    }
}
