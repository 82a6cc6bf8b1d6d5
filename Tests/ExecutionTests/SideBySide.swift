import Dispatch
import Synchronization

/// Runs a body several times at the same time, each on a thread of its own, and waits for all.
///
/// - Returns: the errors in words.
func sideBySide(_ count: Int = 2, _ body: @escaping @Sendable (_ side: Int) throws -> Void)
    -> [String]
{
    let failures = Mutex<[String]>([])
    let group = DispatchGroup()
    let start = DispatchSemaphore(value: 0)
    for side in 0..<count {
        // A plain serial queue has its own thread where a concurrent one may have none to spare.
        DispatchQueue(label: "side.\(side)").async(group: group) {
            start.wait()
            do {
                try body(side)
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
    }
    for _ in 0..<count { start.signal() }
    group.wait()
    return failures.withLock { $0 }
}
