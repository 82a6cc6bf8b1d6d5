import ArgumentParser
import Store

/// How a person names a job.
enum JobReference: Equatable {
    /// `@last`: the one that a worker read last.
    case last
    case prefix(StatusQuery.IDPrefix)

    /// Reads `@last`, an id, or four or more of its first characters.
    init(_ text: String) throws {
        if text == "@last" {
            self = .last
        } else if let prefix = StatusQuery.IDPrefix(text) {
            self = .prefix(prefix)
        } else {
            throw ValidationError(
                "expected a job's id, its first \(StatusQuery.IDPrefix.digitsMin) or more "
                    + "characters, or @last, got \(text.quotedForMessage)")
        }
    }
}
