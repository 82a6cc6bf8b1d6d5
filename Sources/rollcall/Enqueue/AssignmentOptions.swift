import ArgumentParser
import Jobs
import RollcallClient

/// The options that make an assign or unassign job.
struct AssignmentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The relation, as the catalog names it.", valueName: "name"))
    var relation: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What is assigned to, such as the id of a course.", valueName: "value"))
    var target: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Several targets, separated by commas: the job covers the product with the members.",
            valueName: "list"))
    var targets: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Members separated by commas, @FILE with one a line, or - for standard input; may be "
                + "repeated.",
            discussion: "An argument or a line that starts with { is one member in JSON, such as "
                + "{\"username\":\"ada\"} or {\"member\":7,\"role\":\"ta\"}.",
            valueName: "list"))
    var members: [String] = []

    @Option(
        help: ArgumentHelp(
            "partial: bad items are rejected, the rest is applied; atomic: one bad item, and "
                + "nothing is written.", valueName: "mode"))
    var mode = Job.Mode.partial.rawValue

    @Flag(help: "Do everything and roll it back; the status shows what would have happened.")
    var dryRun = false

    @OptionGroup var sending: SendingOptions

    func validate() throws {
        if relation.isEmpty { throw ValidationError("--relation: expected a name, got \"\"") }
        _ = try targetValues()
        _ = try EnqueueArgument.choice(mode, of: "--mode", Job.Mode.self)
        try sending.validate()
        if members.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("--members: expected - once, got it again")
        }
        if members.contains("@") {
            throw ValidationError("--members: expected the name of a file after @, got none")
        }
        for list in members where list != "-" && !list.hasPrefix("@") {
            _ = try EnqueueArgument.values(list, of: "--members")
        }
    }
}

extension AssignmentOptions {
    /// The request of these options; reads the files that `--members` names.
    ///
    /// - Parameter limit: the most items of a job.
    func request(_ operation: Assignment.Operation, limit: Int) throws -> AssignmentRequest {
        var request = AssignmentRequest(
            operation, relation: relation, targets: try targetValues(), members: [])
        for list in members {
            let values =
                switch list.first {
                case "@": try MemberFile.values(of: String(list.dropFirst()), max: limit)
                case "-" where list == "-": try MemberFile.values(of: "-", max: limit)
                default: try EnqueueArgument.values(list, of: "--members")
                }
            request.members += values.map { AssignmentRequest.Member($0) }
        }
        request.mode = try EnqueueArgument.choice(mode, of: "--mode", Job.Mode.self)
        request.isDryRun = dryRun
        return request
    }

    /// Sends the request, prints the job's id and, if asked to, waits for its end.
    func send(
        _ request: AssignmentRequest, _ settings: Settings, _ waiting: EnqueueWaitOptions
    ) throws {
        try sending.send(settings, waiting) { envelope, key, depth throws(MessageFault) in
            try OutgoingMessage(request, envelope, key: key, depth: depth)
        }
    }

    private func targetValues() throws -> [Value] {
        switch (target, targets) {
        case (let target?, nil): return [try EnqueueArgument.value(target, of: "--target")]
        case (nil, let list?): return try EnqueueArgument.values(list, of: "--targets")
        case (nil, nil): throw ValidationError("expected --target or --targets, got neither")
        case (.some, .some): throw ValidationError("expected --target or --targets, got both")
        }
    }
}
