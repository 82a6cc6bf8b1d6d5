import Sandbox

/// Something that goes wrong while workers work.
public enum Fault: Hashable, Sendable, CustomStringConvertible {
    /// A worker is killed, and another takes its place.
    case kill
    /// A worker is asked to stop, and another takes its place.
    case terminate
    /// A worker stands still for a moment.
    case freeze(milliseconds: Int)
    /// A worker stands still until another has its partitions, then goes on.
    case zombie
    /// The server ends the sessions of all workers.
    case endSessions
    /// The server crashes and recovers.
    case restartDatabase
    /// The brokers answer requests of a kind with an error.
    case refuse(Request, error: Int32, times: Int)
    /// No broker can be reached.
    case brokerAway(milliseconds: Int)
    /// Every answer takes this long.
    case slowBroker(milliseconds: Int)
    /// Another broker becomes the group's coordinator.
    case moveCoordinator
    /// Connections to the database are cut when they commit.
    case cut(Proxy.Cut)

    /// Requests of Kafka's protocol, by their keys.
    public enum Request: Int16, CaseIterable, Sendable {
        case fetch = 1
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case syncGroup = 14

        /// Errors that a broker may answer such a request with: `_TRANSPORT` and those that the
        /// protocol allows for it, all of them passing.
        public var errors: [Int32] {
            switch self {
            case .fetch: [-195, 6, 5, 7]
            case .offsetCommit: [-195, 14, 15, 16]
            case .offsetFetch: [-195, 14, 16]
            case .findCoordinator: [-195, 15]
            case .joinGroup, .syncGroup: [-195, 15, 16]
            case .heartbeat: [-195, 15, 16, 27]
            }
        }
    }

    /// Commits of offsets may be refused for a while: the group moves partitions, or brokers are in
    /// trouble.
    var concernsBrokers: Bool {
        switch self {
        case .kill, .terminate, .freeze, .zombie, .refuse, .brokerAway, .slowBroker,
            .moveCoordinator:
            true
        case .endSessions, .restartDatabase, .cut: false
        }
    }

    public var description: String {
        switch self {
        case .kill: "kill a worker"
        case .terminate: "stop a worker"
        case .freeze(let milliseconds): "freeze a worker for \(milliseconds) ms"
        case .zombie: "freeze a worker until another has its partitions"
        case .endSessions: "end the sessions"
        case .restartDatabase: "crash Postgres"
        case .refuse(let request, let error, let times):
            "answer \(times) \(request) requests with error \(error)"
        case .brokerAway(let milliseconds): "brokers away for \(milliseconds) ms"
        case .slowBroker(let milliseconds): "answers of brokers take \(milliseconds) ms"
        case .moveCoordinator: "move the coordinator"
        case .cut(let cut): "cut a connection: \(cut)"
        }
    }

    /// A random fault that costs no rebalance.
    public static func quick(using random: inout SeededGenerator) -> Fault {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return .freeze(milliseconds: Int.random(in: 20...300, using: &random))
        case 1: return .endSessions
        case 2, 3:
            let request =
                [Request.fetch, .offsetCommit, .offsetCommit, .heartbeat]
                .randomElement(using: &random) ?? .fetch
            // Only a fence makes a member join anew.
            let errors = request.errors.filter { $0 != 27 }
            return .refuse(
                request, error: errors.randomElement(using: &random) ?? -195,
                times: Int.random(in: 1...4, using: &random))
        case 4: return .brokerAway(milliseconds: Int.random(in: 20...400, using: &random))
        case 5: return .slowBroker(milliseconds: Int.random(in: 5...80, using: &random))
        case 6: return .moveCoordinator
        default: return .cut(Bool.random(using: &random) ? .afterCommit : .beforeCommit)
        }
    }
}
