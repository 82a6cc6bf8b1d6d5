import Dispatch
import Operations
import WorkerPool

/// Tells systemd that the worker has started, lives and stops, if systemd started it.
///
/// The watchdog is told what `/livez` says: a worker that waits for the database or for Kafka lives.
struct ServiceWatch: Sendable {
    private let notifier: ServiceNotifier?
    private let queue = DispatchQueue(label: "rollcall.service")

    init(environment: [String: String]) { notifier = ServiceNotifier(environment: environment) }

    /// What it waits for before it can start.
    func waits(for what: String) { notifier?.status("waiting: \(what)") }

    /// The pool is about to run.
    func started(_ pool: WorkerPool) {
        guard let notifier else { return }
        notifier.ready()
        notifier.status("running")
        guard let watchdog = notifier.watchdog else { return }
        // Two messages may be lost.
        beat(pool, notifier, every: watchdog / 3)
    }

    func stopping() {
        notifier?.stopping()
        notifier?.status("stopping")
    }

    private func beat(_ pool: WorkerPool, _ notifier: ServiceNotifier, every time: Duration) {
        if pool.liveness().isAlive { notifier.alive() }
        queue.asyncAfter(deadline: .now() + time.timeInterval) {
            beat(pool, notifier, every: time)
        }
    }
}
