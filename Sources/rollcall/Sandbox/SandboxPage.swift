/// What a person needs to know of a sandbox that runs, with lines to copy.
struct SandboxPage {
    /// More examples than these are no help.
    private static let examplesMax = 3

    let text: String
    /// What is said at the end; nil where nothing is left.
    let farewell: String?

    /// - Parameter program: what a person types for this program.
    init(place: SandboxDatabase, crew: SandboxCrew, examples: [SandboxExample], program: String)
        throws
    {
        let program = ShellText.word(program)
        let database = crew.variables.first { $0.name == "ROLLCALL_DATABASE_URL" }?.value ?? ""
        let isSecret = database != place.shown
        let kept = try place.kept()

        var lines = [
            "", "The sandbox runs: \(NumberText.counted(crew.workerCount, "worker")).", "",
            "Postgres   \(place.shown)",
            "Kafka      \(crew.bootstrapServers)",
            "Log        \(crew.logs)",
            "", "In another terminal:", "",
        ]
        lines += crew.variables.map { variable in
            "  "
                + ShellText.export(
                    variable.name,
                    variable.name == "ROLLCALL_DATABASE_URL" ? place.shown : variable.value)
        }
        lines.append("")
        for example in examples.prefix(Self.examplesMax) {
            lines.append(
                "  \(program) enqueue assign \(ShellText.line(example.options)) --wait")
        }
        lines += [
            "  \(program) status", "  \(program) status --watch",
            "  psql \(ShellText.word(place.shown))", "",
        ]
        if examples.count > Self.examplesMax {
            let others = examples.dropFirst(Self.examplesMax).map(\.relation)
            lines += ["Other relations: \(others.joined(separator: ", "))", ""]
        }
        if isSecret { lines += ["Put the password in the place of \(Secret.mask).", ""] }
        lines += [
            "Ctrl-C stops everything\(kept == nil && place.isPrivate ? " and removes it" : "").",
            "Until then, warnings of the workers:", "",
        ]
        text = lines.joined(separator: "\n") + "\n"
        farewell = kept.map { kept in
            """

            The database stays in \(kept.directory). To start it, to use it again, to stop and to remove it:

              \(kept.start)
              \(program) sandbox --database \(ShellText.word(database)) \(ShellText.line(crew.fileOptions))
              \(kept.stop)
              rm -r \(ShellText.word(kept.directory))

            """
        }
    }
}
