import Jobs
import Postgres

/// What people pause: workers begin nothing of it until it is resumed.
public struct Control: Sendable, Hashable {
    /// What can be paused, each by a name of its own.
    public enum Subject: String, Sendable, CaseIterable {
        case topic, kind, relation, backfill, job
    }

    public let subject: Subject
    public let name: String

    public init(_ subject: Subject, _ name: String) {
        self.subject = subject
        self.name = name
    }
}

extension Control: CustomStringConvertible {
    public var description: String { "\(subject.rawValue) \(name)" }
}

extension Control: Comparable {
    public static func < (left: Control, right: Control) -> Bool {
        (left.subject.rawValue, left.name) < (right.subject.rawValue, right.name)
    }
}

/// Writes and reads what is paused.
///
/// Every function is one statement.
public struct ControlStore: Sendable {
    private let statements: Statements

    public init(_ schema: StatusSchema) { statements = schema.statements }

    /// - Returns: false if it was paused before.
    public func pause(
        _ control: Control, on connection: Connection
    ) throws(PostgresError) -> Bool {
        try connection.execute(statements.pause, parameters(control)).affected == 1
    }

    /// - Returns: false if it was not paused.
    public func resume(
        _ control: Control, on connection: Connection
    ) throws(PostgresError) -> Bool {
        try connection.execute(statements.resume, parameters(control)).count == 1
    }

    /// What a worker is to leave alone, without single jobs.
    public func look(on connection: Connection) throws(PostgresError) -> Set<Control> {
        let rows = try connection.execute(
            statements.lookForPauses, Parameters(), binaryResult: true)
        return Set((0..<rows.count).compactMap { Control(rows, $0) })
    }

    private func parameters(_ control: Control) -> Parameters {
        var parameters = Parameters()
        parameters.append(control.subject.rawValue)
        parameters.append(storable(control.name))
        return parameters
    }
}

extension Control {
    /// Reads a row that begins with subject and name; nil for what this program does not know.
    fileprivate init?(_ rows: Rows, _ row: Int) {
        guard let subject = Subject(rawValue: rows.string(row, 0)) else { return nil }
        self.init(subject, rows.string(row, 1))
    }
}

extension StatusQuery {
    /// Something that is paused.
    public struct Pause: Sendable, Equatable {
        public let control: Control
        public let since: Timestamp
        public let milliseconds: Int64

        public init(_ control: Control, since: Timestamp, milliseconds: Int64) {
            self.control = control
            self.since = since
            self.milliseconds = milliseconds
        }
    }

    /// What is paused, those first that are paused for the longest time.
    public func pauses(on connection: Connection) throws(PostgresError) -> [Pause] {
        let rows = try connection.execute(
            statements.selectPauses, Parameters(), binaryResult: true)
        return (0..<rows.count).compactMap { row in
            guard let control = Control(rows, row) else { return nil }
            let since = rows.milliseconds(row, 2)
            return Pause(
                control, since: Timestamp(milliseconds: since),
                milliseconds: max(0, rows.milliseconds(row, 3) - since))
        }
    }
}
