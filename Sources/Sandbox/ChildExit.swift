import Dispatch
import Glibc
import Synchronization

/// The end of one child process: waits for it on a thread of its own and tells everybody.
///
/// A thread and not a look now and then, so that a child is reaped the moment it ends: a zombie
/// that lies around stops others in this process who wait for any child.
final class ChildExit: Sendable {
    private let pid: pid_t
    /// Nil while the process runs.
    ///
    /// It is reaped and signalled only under this lock, so that a signal never reaches another
    /// process that got its number.
    private let reaped = Mutex<ExitStatus?>(nil)
    private let hasEnded = DispatchGroup()

    init(of pid: pid_t) {
        self.pid = pid
        // A queue of its own, because the wait may take as long as this process lives.
        DispatchQueue(label: "rollcall.child.\(pid)").async(group: hasEnded) {
            // Without reaping, because a call that blocks must not hold the lock.
            var information = siginfo_t()
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
            self.reap()
        }
    }

    var status: ExitStatus? { reaped.withLock { $0 } }

    func wait() -> ExitStatus {
        hasEnded.wait()
        return status ?? .unknown
    }

    func wait(timeout: Duration) -> ExitStatus? {
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        _ = hasEnded.wait(timeout: .now() + .nanoseconds(nanoseconds))
        return status
    }

    /// The corresponding C function is `kill`.
    func kill(_ signal: Int32) -> Bool {
        reaped.withLock { $0 == nil && Glibc.kill(pid, signal) == 0 }
    }

    /// The corresponding C function is `waitpid`.
    private func reap() {
        reaped.withLock { reaped in
            var raw: Int32 = 0
            var answer: pid_t
            repeat { answer = waitpid(pid, &raw, 0) } while answer == -1 && errno == EINTR
            reaped = answer == pid ? ExitStatus(raw) : .unknown
        }
    }
}
