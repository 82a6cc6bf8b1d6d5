import Catalog
import Jobs
import Postgres
import Store

/// A roster compiled to its statements: made once when the catalog is read, used for every import.
public struct RosterPlan: Sendable {
    /// What its work in parts goes by, beside the backfills'.
    public static func name(of roster: String) -> String { "roster/\(roster)" }

    public let roster: Roster
    let files: [File]

    /// A kind of file.
    struct File: Sendable {
        let file: Roster.File
        let sql: RosterSQL
        var steps: [Step]
        /// The column whose values are passwords in plain text or hashed.
        let secret: Int?
    }

    /// What each row of a file is made into.
    struct Step: Sendable {
        let relation: RelationPlan
        let isRemoval: Bool
        let password: Roster.Password?
        /// The rows with what they give: target, member and attributes in this order.
        let select: String
        let target: [String]
        let member: [String]
        let attributes: [String]
        /// The columns that become NULL.
        let cleared: [String]
        /// The rows with what is known of the people they are about; nil for a step without passwords.
        let people: String?
        /// What is removed of its targets; nil for a step that lists nobody.
        var removal: Removal?
    }

    /// How an exact import finds what it does not list.
    struct Removal: Sendable {
        /// The files that list members of the relation: without one of them nobody knows who is not
        /// listed.
        let files: Set<String>
        /// The members of the step's targets that no row lists.
        let select: String
        /// How many rows each of these targets has, and how many of them no row lists.
        let count: String
    }

    /// - Parameters:
    ///   - plans: the relations of its steps, its own among them, by their names.
    ///   - schema: where the staged rows are.
    public init?(_ roster: Roster, plans: [String: RelationPlan], schema: StatusSchema) {
        self.roster = roster
        var files: [File] = []
        var listings: [(file: Int, step: Int, listing: RosterSQL.Listing)] = []
        for file in roster.files {
            let sql = RosterSQL(file, of: roster, schema: schema)
            var steps: [Step] = []
            var named: [RosterSQL.Named] = []
            for step in file.steps {
                guard let plan = plans[step.relation] else { return nil }
                if case .assign(let assign) = step, !assign.isRemoval {
                    let listing = RosterSQL.Listing(file: sql, assign: assign, named: named)
                    listings.append((files.count, steps.count, listing))
                }
                steps.append(Step(step, plan, sql, named))
                if case .upsert(let upsert) = step, let alias = upsert.alias, upsert.each == nil {
                    named.append(RosterSQL.Named(alias: alias, upsert: upsert, plan: plan))
                }
            }
            let source = steps.lazy.compactMap(\.password?.source).first
            files.append(
                File(
                    file: file, sql: sql, steps: steps,
                    secret: source.flatMap { source in
                        file.columns.firstIndex { $0.name == source }
                    }))
        }
        for (file, step, listing) in listings {
            let all = listings.filter { $0.listing.assign.relation == listing.assign.relation }
            let (select, count) = RosterSQL.unlisted(
                by: listing, among: all.map(\.listing), files[file].steps[step].relation)
            files[file].steps[step].removal = Removal(
                files: Set(all.map { files[$0.file].file.name }), select: select, count: count)
        }
        self.files = files
    }

    func file(named name: String) -> File? { files.first { $0.file.name == name } }

    // MARK: How an import goes

    /// A step of an import, each in parts of its own.
    enum Phase: Sendable, Equatable {
        /// The rows are checked as a whole.
        case check
        /// The passwords of new people are hashed.
        case passwords(file: Int)
        /// Rows become what the steps say.
        case rows(file: Int)
        /// What no row lists is removed.
        case removals(file: Int)
        /// All of that in one transaction.
        case whole
        /// What was staged goes.
        case end
    }

    func phases(of request: ImportRequest) -> [Phase] {
        let passwords = files.indices.filter { files[$0].hashes }.map(Phase.passwords)
        if request.isDryRun {
            let compared = files.indices.filter { files[$0].comparesPasswords }
            return [.check] + compared.map(Phase.passwords) + [.whole, .end]
        }
        if request.mode == .atomic { return [.check] + passwords + [.whole, .end] }
        let removals = request.isExact ? files.indices.map(Phase.removals) : []
        return [.check] + passwords + files.indices.map(Phase.rows) + removals + [.end]
    }

    /// A phase for people.
    func title(of phase: Phase) -> String {
        func titled(_ words: String, _ file: Int) -> String {
            let name = files[file].file.name
            return name.isEmpty ? words : "\(words) of \(name)"
        }
        return switch phase {
        case .check: "check"
        case .passwords(let file): titled("passwords", file)
        case .rows(let file): titled("rows", file)
        case .removals(let file): titled("removals", file)
        case .whole: "all rows at once"
        case .end: "end"
        }
    }
}

extension RosterPlan.File {
    /// Passwords come in plain text.
    var hashes: Bool { steps.contains { $0.password?.scheme == .djangoPBKDF2 } }

    /// The columns by which its steps know people.
    var namingColumns: [String] {
        let expressions = file.steps.flatMap { step in
            switch step {
            case .upsert(let upsert):
                upsert.values.filter { upsert.relation.identity.contains($0.column) }
            case .assign(let assign): assign.member
            }
        }
        return file.columns.map(\.name).filter { name in
            expressions.contains { $0.sql.contains("row.\(name)") }
        }
    }

    /// They are compared with those of people who are there.
    var comparesPasswords: Bool { steps.contains { $0.password?.isCompared == true } }
}

extension Roster.Step {
    /// The name of its relation's plan.
    var relation: String {
        switch self {
        case .upsert(let upsert): upsert.relation.name
        case .assign(let assign): assign.relation
        }
    }
}

/// What an import was asked for, as its parts carry it.
struct ImportRequest: Sendable, Equatable {
    var mode: Job.Mode
    var isExact: Bool
    var confirmsRemovals: Bool
    var isDryRun: Bool
    var target: String?

    /// As it is kept with the import.
    var arguments: [String?] {
        [
            mode.rawValue, isExact ? "exact" : nil, confirmsRemovals ? "confirmed" : nil,
            isDryRun ? "dry run" : nil, target,
        ]
    }

    init(
        mode: Job.Mode, isExact: Bool, confirmsRemovals: Bool, isDryRun: Bool, target: String?
    ) {
        self.mode = mode
        self.isExact = isExact
        self.confirmsRemovals = confirmsRemovals
        self.isDryRun = isDryRun
        self.target = target
    }

    init(arguments: [String?]) {
        guard arguments.count == 5 else {
            preconditionFailure("an import's arguments are written by this program")
        }
        mode = arguments[0].flatMap(Job.Mode.init) ?? .partial
        isExact = arguments[1] != nil
        confirmsRemovals = arguments[2] != nil
        isDryRun = arguments[3] != nil
        target = arguments[4]
    }
}
