import Jobs
import Postgres

/// How a backfill on its way stands, as the statement says that has just changed it.
public struct BackfillStanding: Sendable, Equatable {
    /// The step that is open, from 1.
    public let step: Int
    public let steps: Int
    /// The parts planned that are neither done nor given up.
    public let openParts: Int
    /// The open step has rows that are in no part yet.
    public let isPlanning: Bool
    /// It is to end when no part is open any more.
    public let isEnding: Bool
    /// The rows that were walked, and those that are in the plan.
    public let done: Int
    public let planned: Int
    /// The job, once it has ended with it.
    public var ended: EndedWork?

    /// What follows from the last part of something.
    public enum Next: Sendable, Equatable {
        case goOn, openStep, end
    }

    public var next: Next {
        if openParts > 0 { return .goOn }
        if isEnding { return .end }
        if isPlanning { return .goOn }
        return step < steps ? .openStep : .end
    }
}

/// The message by which long work was asked for, for the log.
public struct WorkMessage: Sendable, Equatable {
    public let topic: String
    public let partition: Int
    public let offset: Int
    public let traceID: String?

    /// Reads four columns.
    init(_ rows: Rows, _ row: Int, from column: Int) {
        topic = rows.string(row, column)
        partition = rows.int(row, column + 1)
        offset = rows.int(row, column + 2)
        traceID = rows.optionalString(row, column + 3)
    }
}

/// What a worker may do for the backfills on their way.
public struct RunToDo: Sendable {
    public let job: JobID
    public let backfill: String
    /// It has waited for one that is gone.
    public let canBegin: Bool
    public let canPlan: Bool
    /// There may be a part to claim.
    public let canClaim: Bool
    /// In how many milliseconds it may go on; nil where it need not wait.
    public let dueMilliseconds: Int?
    /// It was planned by another definition than this worker's, and nobody goes on with it.
    public let isAbandoned: Bool
    public let message: WorkMessage
}

/// The open step of a backfill, as far as it is planned.
public struct OpenPlan: Sendable {
    public let step: Int
    public let arguments: [String?]
    /// The key up to which rows are in parts; nil where none is.
    public let plannedTo: [String?]?
    /// How many rows to look at, where the usual number took too long.
    public let portion: Int?
}

/// A part as it is planned.
public struct PlannedPart: Sendable, Equatable {
    /// Its first and its last key; nil for a step that is one part.
    public let from: [String?]?
    public let to: [String?]?
    /// How many rows it has.
    public let items: Int

    public init(from: [String?]?, to: [String?]?, items: Int) {
        self.from = from
        self.to = to
        self.items = items
    }
}

/// A part that a worker has claimed.
public struct PartClaim: Sendable {
    public let job: JobID
    public let backfill: String
    public let scope: String
    public let step: Int
    public let number: Int
    public let items: Int
    /// This attempt counted.
    public let attempts: Int
    /// How often in a row it was tried in vain.
    public let tries: Int
    /// How many workers died with it.
    public let lost: Int
    public let from: [String?]?
    public let to: [String?]?
    public let arguments: [String?]
    public let isDryRun: Bool
    /// The backfill is to end: it is not to be executed.
    public let isEnding: Bool
    public let message: WorkMessage
}

/// What became of the rows of a part: of a backfill those that its statements wrote, of an import
/// those of its file.
public struct RowCounts: Sendable, Equatable {
    public var created: Int
    public var updated: Int
    public var removed: Int
    public var unchanged = 0
    public var absent = 0
    public var rejected = 0

    public init(created: Int = 0, updated: Int = 0, removed: Int = 0) {
        self.created = created
        self.updated = updated
        self.removed = removed
    }
}

/// A list of texts in JSON, as bounds and arguments are kept.
enum TextList {
    static func json(_ texts: [String?]) -> String {
        var json = JSONWriter()
        json.raw("[")
        for (position, text) in texts.enumerated() {
            if position > 0 { json.raw(",") }
            if let text { json.string(text) } else { json.raw("null") }
        }
        json.raw("]")
        return String(decoding: json.bytes, as: UTF8.self)
    }

    static func texts(_ json: String) -> [String?] {
        guard let document = try? JSONDocument(Array(json.utf8)),
            document[document.root].kind == .array
        else { preconditionFailure("bounds and arguments are written by this program") }
        return document.elements(of: document.root).map { element in
            document[element].kind == .null ? nil : document.text(of: element)
        }
    }
}
