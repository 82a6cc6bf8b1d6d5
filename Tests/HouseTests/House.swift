/// The rooms of the house and what each may import: DESIGN.md, section 4.
enum House {
    /// What a room may import beside the standard library.
    enum Allowance {
        case only(Set<String>)
        case allBut(Set<String>)

        func permits(_ module: String) -> Bool {
            switch self {
            case .only(let modules): modules.contains(module)
            case .allBut(let modules): !modules.contains(module)
            }
        }
    }

    static let rooms: [String: Allowance] = [
        "CLibpq": .only([]),
        "CLibrdkafka": .only([]),
        "Jobs": .only([]),
        "Postgres": .only(["CLibpq", "Synchronization"]),
        // The C library only to keep the embedded broker's ports.
        "Kafka": .only(["CLibrdkafka", "Glibc", "Synchronization"]),
        "Catalog": .only(["Jobs", "Postgres", "Yams"]),
        "Store": .only(["Jobs", "Postgres"]),
        // The C library only for the places where tests stop a debug build; the others for passwords.
        "Execution": .only([
            "Store", "Catalog", "Jobs", "Postgres", "Glibc", "Synchronization", "Crypto",
            "CryptoExtras", "Dispatch", "FoundationEssentials",
        ]),
        // The C library only for the time of day, by which jobs have waited.
        "WorkerPool": .only([
            "Execution", "Store", "Catalog", "Jobs", "Kafka", "Postgres", "Logging", "Dispatch",
            "Synchronization", "Glibc",
        ]),
        "Operations": .only(["Logging", "Glibc", "Synchronization", "Dispatch"]),
        "RollcallClient": .only(["Jobs", "Store", "Kafka", "Postgres", "Synchronization", "Glibc"]),
        "Sandbox": .only([
            "Postgres", "Kafka", "Foundation", "Glibc", "Synchronization", "Dispatch",
        ]),
        // The C handles are never seen outside their rooms.
        "rollcall": .allBut(["CLibpq", "CLibrdkafka"]),
    ]

    /// Modules of the toolchain: Package.swift does not name them.
    static let toolchain: Set = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]
}

/// A file by its path below the root, and its text.
struct SourceFile {
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The directory below `Sources` that the file is in.
    var room: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// Something that is not as the house wants it.
struct Violation: Hashable, CustomStringConvertible {
    let path: String
    let message: String

    var description: String { "\(path): \(message)" }
}
