import ArgumentParser
import Catalog
import Execution
import Jobs
import Postgres
import WorkerPool

/// `rollcall catalog explain`: the statements of a relation and, for a sample of jobs, their plans.
struct CatalogExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: """
            Prints the statements of a relation, roster or backfill and, with a sample of jobs, a \
            relation's plans.
            """,
        discussion: """
            Nothing is executed: a plan is the database's estimate for the items of the sample, \
            staged as a worker stages them. A line of the sample is a job as `rollcall enqueue` \
            takes it, or its data alone, which then stands for an assign and an unassign. What is \
            said of the relation beside that, a missing index for instance, comes last, in the \
            words of `rollcall catalog check`.

            Examples:
              rollcall catalog explain enrollment
              rollcall catalog explain enrollment --sample jobs.jsonl
            """)

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp("The entry's name in the catalog.", valueName: "name"))
    var name: String

    @Option(
        help: ArgumentHelp("A file of jobs, one a line; - for standard input.", valueName: "file"))
    var sample: String?

    func run() throws {
        let settings = try common.settings(requiring: .catalog)
        let catalog = try CatalogFiles.read(settings)
        guard catalog.relations[name] != nil else {
            if catalog.backfills[name] != nil { return try explainBackfill(catalog, settings) }
            if let roster = catalog.rosters[name] {
                return try explain(roster, catalog, settings)
            }
            complain(
                "expected a relation, roster or backfill of the catalog, got "
                    + "\(name.quotedForMessage)\(hint(catalog))")
            throw ExitCode.wrongUsage
        }
        let file = try sample.map { try read($0, settings) }
        let connection = try Database.connect(settings)
        let compiled = try CatalogFiles.compile(catalog, settings, on: connection)
        let own = compiled.findings.filter {
            $0.relation == name || $0.relation.hasPrefix("\(name).")
        }
        guard let plan = compiled.plans[name] else {
            for finding in own where finding.level == .error { complain("\(finding)") }
            throw ExitCode.configuration
        }
        let sampled = try file.map { try explain(plan, $0, settings, on: connection) }
        for line in ExplanationText(plan, sampled).lines { print(line) }
        print("")
        for finding in own { print(finding) }
    }

    private func explainBackfill(_ catalog: Catalog, _ settings: Settings) throws {
        guard sample == nil else {
            complain("expected no sample for a backfill, which has no items, got one")
            throw ExitCode.wrongUsage
        }
        let compiled = try CatalogFiles.compile(catalog, settings, on: Database.connect(settings))
        let own = compiled.findings.filter { $0.relation == name }
        guard let plan = compiled.backfills[name] else {
            for finding in own where finding.level == .error { complain("\(finding)") }
            throw ExitCode.configuration
        }
        for line in BackfillText(plan).lines { print(line) }
        print("")
        for finding in own { print(finding) }
    }

    private func explain(
        _ roster: Roster, _ catalog: Catalog, _ settings: Settings
    ) throws {
        guard sample == nil else {
            complain("expected no sample for a roster, whose rows come in files, got one")
            throw ExitCode.wrongUsage
        }
        let compiled = try CatalogFiles.compile(catalog, settings, on: Database.connect(settings))
        let own = compiled.findings.filter {
            $0.relation == name || $0.relation.hasPrefix("\(name).")
        }
        if own.contains(where: { $0.level == .error }) {
            for finding in own where finding.level == .error { complain("\(finding)") }
            throw ExitCode.configuration
        }
        for line in RosterText(roster, compiled.rosterRelations).lines { print(line) }
        print("")
        for finding in own { print(finding) }
    }

    private func hint(_ catalog: Catalog) -> String {
        let names =
            catalog.sortedRelations.map(\.name) + catalog.sortedRosters.map(\.name)
            + catalog.sortedBackfills.map(\.name)
        if let nearest = Spelling.nearest(to: name, in: names) {
            return ", did you mean \(nearest)?"
        }
        return "; it has \(names.joined(separator: ", "))"
    }

    /// Reads the sample, or ends the command with 2 after what is wrong was told.
    private func read(_ path: String, _ settings: Settings) throws -> SampleFile {
        let file: SampleFile
        do {
            file = try SampleFile(path, EnqueueLimits(settings.limits))
        } catch {
            complain("\(error)")
            throw ExitCode.wrongUsage
        }
        for fault in file.faults.first { complain("\(file.name):\(fault.line): \(fault.reason)") }
        if file.faults.count > 0 {
            complain(NumberText.counted(file.faults.count, "faulty line"))
            throw ExitCode.wrongUsage
        }
        guard file.jobs.contains(where: { $0.assignment?.relation == name }) else {
            complain("expected jobs for \(name) in \(file.name), got none")
            throw ExitCode.wrongUsage
        }
        return file
    }

    /// Plans the sample; what it leaves out goes to standard error.
    private func explain(
        _ plan: RelationPlan, _ file: SampleFile, _ settings: Settings, on connection: Connection
    ) throws -> [SampledStatement] {
        let own = file.jobs.indices.filter { file.jobs[$0].assignment?.relation == name }
        if own.count < file.jobs.count {
            complain(
                "left out: "
                    + "\(NumberText.counted(file.jobs.count - own.count, "job")) for other relations"
            )
        }
        let (statements, refused) = try Database.reporting {
            try plan.sampled(
                own.map { file.jobs[$0] }, limits: settings.pool.execution, on: connection)
        }
        // Of data alone two jobs were made, with the same items.
        var told: [String] = []
        for item in refused {
            let line =
                "\(file.places[own[item.job]]): left out: item \(item.number): "
                + "\(item.rejection.code): \(item.rejection.message)"
            if !told.contains(line) { told.append(line) }
            if told.count == JobFile.Faults.shown { break }
        }
        for line in told { complain(line) }
        if refused.count > told.count, told.count == JobFile.Faults.shown {
            complain("left out: more items")
        }
        return statements
    }
}
