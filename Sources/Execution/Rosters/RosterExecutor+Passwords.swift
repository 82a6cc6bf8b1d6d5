import Catalog
import Dispatch
import Jobs
import Postgres
import Store
import Synchronization

/// What a row's password is from now on, or why the row is refused.
struct SettledPassword: Sendable {
    fileprivate let person: Person
    /// Nil where the row needs none.
    fileprivate var hash: String?
    fileprivate var refusal: Rejection?
}

/// Passwords are hashed and compared outside of any transaction: each takes a tenth of a second.
extension RosterExecutor {
    /// How many rows a part has whose passwords are hashed: some seconds of work.
    static let passwordsOfPart = 100

    /// After so many the worker says that it lives.
    private static let hashesAtOnce = 16

    /// Hashes the passwords of a range's new people and compares those of the others, on all cores.
    func settle(
        _ range: RosterRange, _ file: RosterPlan.File, _ job: JobID, _ request: ImportRequest,
        on connection: Connection, keep: () throws -> Bool
    ) throws -> [SettledPassword] {
        let people = try people(of: range, file, job, request, on: connection)
        let settled = Mutex<[Int: SettledPassword]>([:])
        let failure = Mutex<(any Error)?>(nil)
        let isDryRun = request.isDryRun
        let work = people.indices.filter { people[$0].takesTime(isDryRun) }
        var start = 0
        while start < work.count {
            // Whoever hashes holds no transaction open, and would be taken for dead.
            guard try keep() else { return [] }
            let slice = work[start..<min(start + Self.hashesAtOnce, work.count)]
            DispatchQueue.concurrentPerform(iterations: slice.count) { place in
                let index = slice[slice.startIndex + place]
                do {
                    let password = try people[index].settled(isDryRun)
                    settled.withLock { $0[index] = password }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            start += slice.count
        }
        if let error = failure.withLock({ $0 }) { throw error }
        let known = settled.withLock { $0 }
        return try people.indices.map { try known[$0] ?? people[$0].settled(isDryRun) }
    }

    /// Whom the rows of a range are about.
    ///
    /// Of several steps with passwords the first that has to do with a row decides.
    private func people(
        of range: RosterRange, _ file: RosterPlan.File, _ job: JobID, _ request: ImportRequest,
        on connection: Connection
    ) throws(PostgresError) -> [Person] {
        var people: [Person] = []
        var places: [UInt64: Int] = [:]
        for step in file.steps {
            guard let select = step.people, let password = step.password,
                password.scheme == .djangoPBKDF2
            else { continue }
            let names = step.member + step.attributes
            func read(_ range: RosterRange) throws(PostgresError) {
                let answer = try connection.execute(
                    select, range.parameters(job, request.target))
                for row in 0..<answer.count {
                    let person = Person(answer, row, names, password)
                    let place = places[person.key]
                    if place == nil { places[person.key] = people.count }
                    if let place, !people[place].isConcerned {
                        people[place] = person
                    } else if place == nil {
                        people.append(person)
                    }
                }
            }
            do throws(PostgresError) {
                try read(range)
            } catch {
                guard FailureClass(error) == .permanent else { throw error }
                // A row that this step cannot read is refused when it is to be applied.
                _ = try halve(try stagedRows(of: range, file, job, on: connection), read)
            }
        }
        return people
    }

    /// Puts the hashes in the place of the passwords, and refuses the rows of people who have others.
    func keep(
        _ passwords: [SettledPassword], of file: RosterPlan.File, _ job: JobID,
        _ request: ImportRequest, on connection: Connection
    ) throws(PostgresError) -> Ended {
        var parts = ArrayParameter(.int4)
        var lines = ArrayParameter(.int4)
        var hashes = ArrayParameter(.text)
        var refused: [RosterStore.Refused] = []
        var items: [JobReport.RejectedItem] = []
        for password in passwords {
            let row = password.person.row
            parts.append(int32: row.part)
            lines.append(int32: row.line)
            if let hash = password.hash { hashes.append(text: hash) } else { hashes.appendNull() }
            guard let refusal = password.refusal else { continue }
            refused.append(
                RosterStore.Refused(
                    part: Int(row.part), line: Int(row.line), rejection: refusal))
            items.append(row.item(ofPackage: file.file.name, refusedBecause: refusal))
        }
        var parameters = Parameters()
        parameters.append(uuid: (job.high, job.low))
        for column in [parts, lines, hashes] { parameters.append(column) }
        try connection.execute(
            """
            UPDATE \(schema).roster_row r SET secret = known.hash
            FROM unnest($2::integer[], $3::integer[], $4::text[]) AS known (part, line, hash)
            WHERE r.job_id = $1 AND r.part = known.part AND r.line = known.line
            """, parameters)
        try store.refuse(refused, of: job, on: connection)
        try store.insert(items, of: job, atMost: limits.storedRejections, on: connection)
        if request.mode == .atomic, !refused.isEmpty {
            return .failed(Self.nothingWritten(rejected: refused.count))
        }
        var counts = RowCounts()
        counts.rejected = refused.count
        return .done(counts)
    }
}

/// Whom a row is about, and with which password.
private struct Person: Sendable {
    let row: StagedRow
    /// The step has to do with the row.
    let isConcerned: Bool
    private let isNew: Bool
    /// What the file says.
    private let given: String?
    /// What is there.
    private let stored: String?
    /// What else the file gives, for messages.
    private let values: [String: String]
    private let password: Roster.Password

    /// - Parameter names: of the values that follow.
    init(_ answer: Rows, _ row: Int, _ names: [String], _ password: Roster.Password) {
        let values = names.indices.map { answer.optionalString(row, 8 + $0) }
        self.row = StagedRow(
            part: Int32(answer.int(row, 0)), line: Int32(answer.int(row, 1)),
            number: answer.int(row, 2), lineOfFile: answer.int(row, 3),
            text: String((values.first.flatMap { $0 } ?? "").prefix(200)))
        given = answer.optionalString(row, 4)
        isConcerned = answer.string(row, 5) == "t"
        isNew = answer.string(row, 6) == "t"
        stored = answer.optionalString(row, 7)
        self.values = Dictionary(
            zip(names, values.map { $0 ?? "null" }), uniquingKeysWith: { first, _ in first })
        self.password = password
    }

    var key: UInt64 { UInt64(UInt32(row.part)) << 32 | UInt64(UInt32(row.line)) }

    private var keepsTheirs: Bool { given != nil && given == password.keepMark }

    /// It is hashed or compared.
    func takesTime(_ isDryRun: Bool) -> Bool {
        guard isConcerned, given != nil, !keepsTheirs else { return false }
        return isNew ? !isDryRun : password.mismatch != .keep
    }

    func settled(_ isDryRun: Bool) throws -> SettledPassword {
        guard isConcerned else { return SettledPassword(person: self) }
        guard !keepsTheirs else {
            return SettledPassword(person: self, refusal: isNew ? lack : nil)
        }
        guard isNew else { return try compared(isDryRun) }
        guard let given else {
            // Of a new person something is written, which tells them from those who were compared.
            return SettledPassword(
                person: self, hash: password.isCompared ? UnusablePassword.random() : nil)
        }
        return SettledPassword(person: self, hash: try hash(given, isDryRun))
    }

    private func compared(_ isDryRun: Bool) throws -> SettledPassword {
        switch password.mismatch {
        case .keep: return SettledPassword(person: self)
        case .update:
            guard let given, try matches(given) != true else {
                return SettledPassword(person: self)
            }
            return SettledPassword(person: self, hash: try hash(given, isDryRun))
        case .reject(let code, let message):
            let isSame: Bool? =
                if let given { try matches(given) } else { UnusablePassword.isOne(stored ?? "") }
            guard isSame != true else { return SettledPassword(person: self) }
            let text =
                RelationRun.filled(message) { values[String($0)] }
                + (isSame == nil ? ": a password hashed in another way cannot be compared" : "")
            return SettledPassword(person: self, refusal: Rejection(code: code, message: text))
        }
    }

    /// Nil where there is a hash of another kind.
    private func matches(_ given: String) throws -> Bool? {
        try DjangoPassword.matches(given, stored ?? "")
    }

    /// In a dry run nothing is hashed, and nothing stays.
    private func hash(_ given: String, _ isDryRun: Bool) throws -> String {
        isDryRun
            ? UnusablePassword.random()
            : try DjangoPassword.hash(given, iterations: password.iterations)
    }

    private var lack: Rejection {
        Rejection(
            code: "missing-value",
            message: "\(password.column): expected a password for somebody new, got "
                + "\"\(password.keepMark ?? "")\", with which people keep theirs")
    }
}
