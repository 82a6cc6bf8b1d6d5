import ArgumentParser
import Store

/// Which jobs the list shows.
struct StatusSelection: ParsableArguments {
    static let limitDefault = 20
    private static let limitMax = 10_000

    @Option(
        help: ArgumentHelp(
            "Only jobs in this state; may be repeated. "
                + StatusQuery.State.allCases.map(\.rawValue).joined(separator: ", ") + ".",
            valueName: "state"),
        transform: StatusFilterText.state)
    var state: [StatusQuery.State] = []

    @Option(
        help: ArgumentHelp(
            "Only jobs of this kind; may be repeated. "
                + StatusFilterText.kinds.joined(separator: ", ") + ".", valueName: "kind"),
        transform: StatusFilterText.kind)
    var kind: [String] = []

    @Option(help: "Only jobs of this relation.")
    var relation: String?

    @Option(help: "Only jobs with this target, alone or as relation/target.")
    var target: String?

    @Option(help: "Only jobs from this source.")
    var source: String?

    @Option(
        help: ArgumentHelp(
            "Only jobs that a worker began since then: 2h, or 2026-11-21T08:00:00Z.",
            valueName: "when"),
        transform: StatusFilterText.since)
    var since: StatusQuery.Filter.Since?

    @Option(help: ArgumentHelp("How many jobs to show.", valueName: "n"))
    var limit = StatusSelection.limitDefault

    @Option(
        help: ArgumentHelp(
            "Begin after this job; the list says which.", valueName: "job"),
        transform: JobReference.init)
    var after: JobReference?

    func validate() throws {
        guard (1...Self.limitMax).contains(limit) else {
            throw ValidationError(
                "--limit: expected 1 to \(NumberText.grouped(Self.limitMax)), got \(limit)")
        }
    }

    /// Whether nothing was chosen.
    var isDefault: Bool { filter.isEmpty && limit == Self.limitDefault && after == nil }

    var filter: StatusQuery.Filter {
        var filter = StatusQuery.Filter()
        filter.states = state
        filter.kinds = kind
        filter.relation = relation
        filter.target = target
        filter.source = source
        filter.since = since
        return filter
    }

    /// The command that shows the page after the job, with the same choice.
    func command(after id: String) -> String {
        var words = ["rollcall", "status"]
        for state in state { words += ["--state", state.rawValue] }
        for kind in kind { words += ["--kind", kind] }
        if let relation { words += ["--relation", relation] }
        if let target { words += ["--target", target] }
        if let source { words += ["--source", source] }
        if let since { words += ["--since", StatusFilterText.text(since)] }
        if limit != Self.limitDefault { words += ["--limit", String(limit)] }
        return (words + ["--after", id]).map(StatusFilterText.quotedForShell)
            .joined(separator: " ")
    }
}
