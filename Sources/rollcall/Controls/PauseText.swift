import Store

extension StatusQuery.Pause {
    /// How it is ended.
    var remedy: String { "rollcall resume \(control)" }

    /// For people, on one line.
    var line: String {
        "paused for \(TimeText.age(milliseconds)): \(VisibleText.escaped("\(control)")) · go on: "
            + VisibleText.escaped(remedy)
    }

    var json: JSONText {
        .object([
            ("subject", .string(control.subject.rawValue)), ("name", .string(control.name)),
            ("since", .string("\(since)")),
            ("paused_s", .number(TimeText.seconds(milliseconds))),
        ])
    }
}

extension Listing {
    /// What is paused.
    init(_ pauses: [StatusQuery.Pause]) {
        self.init(
            columns: [
                .init(head: "PAUSED", name: "subject"), .init(head: "NAME", name: "name"),
                .init(head: "SINCE", name: "since"),
                .init(head: "FOR", name: "paused_s", isRight: true),
            ],
            rows: pauses.map { pause in
                let seconds = TimeText.seconds(pause.milliseconds)
                return [
                    .init(pause.control.subject.rawValue), .init(pause.control.name),
                    .init(
                        TimeText.date(pause.since), exact: "\(pause.since)",
                        json: .string("\(pause.since)")),
                    .init(
                        TimeText.age(pause.milliseconds), exact: seconds, json: .number(seconds)),
                ]
            }, name: "paused")
    }
}
