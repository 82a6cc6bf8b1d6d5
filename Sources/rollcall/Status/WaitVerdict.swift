import ArgumentParser
import Store

/// The exit code with which a wait for jobs ends.
enum WaitVerdict {
    /// The worst of the jobs decides: one that failed, then a cancelled one, then rejections.
    static func exitCode(
        _ states: some Sequence<StatusQuery.State>, allowRejections: Bool
    ) -> ExitCode {
        let states = Set(states)
        if states.contains(.failed) { return .jobFailed }
        if states.contains(.cancelled) { return .cancelled }
        if states.contains(.succeededWithRejections), !allowRejections { return .rejections }
        return .success
    }
}
