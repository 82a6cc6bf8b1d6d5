import ArgumentParser

/// How many rejected items of a job are shown.
enum RejectionLimit: Equatable {
    case all
    case first(Int)

    init(_ text: String) throws {
        if text == "all" {
            self = .all
        } else if let number = Int(text), (0...1_000_000_000).contains(number) {
            self = .first(number)
        } else {
            throw ValidationError(
                "expected a number or all, got \(text.quotedForMessage)")
        }
    }

    /// As the query takes it: nil for all.
    var count: Int? {
        switch self {
        case .all: nil
        case .first(let count): count
        }
    }
}
