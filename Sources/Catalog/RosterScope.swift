import Yams

/// What the expressions of a roster may read where the reading is at.
struct RosterScope {
    let roster: String
    let relations: [String: Relation]
    /// The names of relations, also of those that have faults.
    let declared: Set<String>
    var target: RosterTarget
    /// The file's name; empty for the only one.
    private(set) var file = ""
    private(set) var columns: [String] = []
    /// The columns that hold passwords, which no expression reads; a file has at most one.
    private(set) var secrets: [String] = []
    /// The aliases of the file's steps, also of later ones.
    private(set) var aliases: [String] = []
    /// Those of the steps before.
    var earlierAliases: [String] = []
    /// Those of steps with `each`, which stand for no one row.
    var listAliases: [String] = []
    /// The step has an array whose elements are called `each`.
    var hasEach = false

    /// Looks over a file's steps for what is declared in one and matters in all.
    mutating func enter(file: String, _ columns: [String], steps: Node?) {
        self.file = file
        self.columns = columns
        let steps = steps?.sequence.map(Array.init) ?? []
        secrets = steps.compactMap { $0.mapping?["password"]?.mapping?["from"]?.string }
        aliases = steps.compactMap { $0.mapping?["as"]?.string }
        earlierAliases = []
        listAliases = []
        hasEach = false
    }

    /// The name of a step's table as a relation.
    func name(_ step: String) -> String {
        ([roster] + (file.isEmpty ? [] : [file]) + [step]).joined(separator: ".")
    }
}

/// How the expressions of a roster read the job's target.
struct RosterTarget {
    private var isValue = false
    private var columns: [String] = []

    mutating func read(_ column: String?) {
        guard let column else { return isValue = true }
        if !columns.contains(column) { columns.append(column) }
    }

    var declared: Roster.Target {
        isValue ? .value : columns.isEmpty ? .none : .columns(columns)
    }

    var fault: String? {
        guard isValue, let column = columns.first else { return nil }
        return "expected job.target or its columns, got both job.target and job.target.\(column)"
    }
}
