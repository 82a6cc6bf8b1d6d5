import Testing

@testable import Jobs

@Suite struct BackfillRequestTests {
    private func message(_ data: String, subject: String? = nil) -> String {
        guard let subject else {
            return Messages.structured(["type": "\"rollcall.backfill\""], data: data)
        }
        return Messages.structured(
            ["type": "\"rollcall.backfill\"", "subject": "\"\(subject)\""], data: data)
    }

    private func job(_ data: String, subject: String? = nil) throws -> Job {
        try Messages.job(message(data, subject: subject))
    }

    @Test("every field is read")
    func whole() throws {
        let job = try job(
            #"{"backfill":"b","scope":{"x":17,"y":"a"},"force":true,"dry_run":true,"max_rows_per_second":20000}"#
        )
        let request = try #require(job.backfill)
        #expect(job.kind == .backfill && job.assignment == nil)
        #expect(job.entry == "b" && job.defaultKey == "backfill/b")
        #expect(job.isDryRun && job.weight == 1)
        #expect(request.isForced && request.isDryRun && request.maxRowsPerSecond == 20_000)
        #expect(Set(request.values.keys) == ["x", "y"])
        #expect(request.values["x"].map(request.document.text) == "17")
    }

    @Test("what is left out, or null, has its default")
    func defaults() throws {
        for data in [
            #"{"backfill":"b"}"#,
            #"{"backfill":"b","scope":null,"force":null,"dry_run":null,"max_rows_per_second":null}"#,
        ] {
            let request = try #require(try job(data).backfill)
            #expect(!request.isForced && !request.isDryRun && request.maxRowsPerSecond == nil)
            #expect(request.values.isEmpty)
        }
    }

    @Test(
        "what is no request is refused",
        arguments: [
            ("[]", "data: expected an object, got []"),
            ("{}", "backfill: expected a string, got none"),
            (#"{"backfill":""}"#, #"backfill: expected a string, got """#),
            (#"{"backfill":7}"#, "backfill: expected a string, got 7"),
            (#"{"backfill":"b","scope":[1]}"#, "scope: expected an object, got [1]"),
            (#"{"backfill":"b","force":"yes"}"#, #"force: expected true or false, got "yes""#),
            (
                #"{"backfill":"b","dryrun":true}"#,
                #"data: expected only the fields backfill, scope, force, dry_run, max_rows_per_second, got "dryrun""#
            ),
            (
                #"{"backfill":"b","max_rows_per_second":0}"#,
                "max_rows_per_second: expected a whole number from 1 to 1000000000, got 0"
            ),
            (
                #"{"backfill":"b","max_rows_per_second":1.5}"#,
                "max_rows_per_second: expected a whole number from 1 to 1000000000, got 1.5"
            ),
            (
                #"{"backfill":"b","max_rows_per_second":"9"}"#,
                #"max_rows_per_second: expected a whole number from 1 to 1000000000, got "9""#
            ),
        ])
    func refused(data: String, expected: String) {
        let fault = Messages.fault(message(data))
        #expect(fault == MessageFault(.invalidData, expected))
    }

    @Test("a subject is the name of the backfill")
    func subject() throws {
        #expect(try job(#"{"backfill":"b"}"#, subject: "b").entry == "b")
        let fault = Messages.fault(message(#"{"backfill":"b"}"#, subject: "c"))
        #expect(fault?.code == .subjectMismatch)
    }
}
