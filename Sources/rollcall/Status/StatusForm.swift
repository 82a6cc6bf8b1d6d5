import ArgumentParser

/// In which form jobs are shown.
struct StatusForm: ParsableArguments {
    enum Format { case plain, json, jsonl, csv }

    @Flag(help: "One JSON object with all there is to know.")
    var json = false

    @Flag(help: "JSON Lines: one JSON object a job.")
    var jsonl = false

    @Flag(help: "CSV with a line of names.")
    var csv = false

    @Option(help: "Colour: auto, always or never; NO_COLOR turns auto off.")
    var color = StatusColorChoice.auto

    func validate() throws {
        guard [json, jsonl, csv].count(where: { $0 }) <= 1 else {
            throw ValidationError("expected one of --json, --jsonl and --csv, got several")
        }
    }

    var format: Format { json ? .json : jsonl ? .jsonl : csv ? .csv : .plain }
}
