import ArgumentParser
import Store
import Testing

@testable import rollcall

@Suite("The command line of status")
struct StatusUsageTests {
    private func command(_ arguments: [String]) throws -> StatusCommand {
        try #require(try Rollcall.parseAsRoot(["status"] + arguments) as? StatusCommand)
    }

    @Test(
        "What does not go together, or is no value, is wrong usage",
        arguments: [
            ["441"], ["zzzz"], ["@first"], ["--wait"], ["4410", "--timeout", "1s"],
            ["4410", "--allow-rejections"], ["4410", "--state", "failed"],
            ["4410", "--limit", "5"],
            ["--json", "--csv"], ["--jsonl", "--json"], ["4410", "--watch", "--json"],
            ["--state", "done"], ["--kind", "import"], ["--since", "yesterday"], ["--limit", "0"],
            ["--limit", "10001"], ["--limit", "x"], ["4410", "--rejections", "some"],
            ["4410", "--rejections", "-1"], ["4410", "--wait", "--timeout", "soon"],
            ["--color", "blue"], ["--after", "x"], ["--nonsense"],
        ])
    func wrong(_ arguments: [String]) {
        #expect {
            _ = try command(arguments)
        } throws: { error in
            Rollcall.exitCode(for: error) == .validationFailure
        }
    }

    @Test("Every option is read")
    func list() throws {
        let command = try command([
            "--state", "failed", "--state", "succeeded-with-rejections", "--kind", "backfill",
            "--relation", "r", "--target", "t", "--source", "s", "--since", "2h", "--limit", "7",
            "--after", "3fd8a0c4", "--jsonl", "--color", "never",
        ])
        var filter = StatusQuery.Filter()
        filter.states = [.failed, .succeededWithRejections]
        filter.kinds = ["backfill"]
        filter.relation = "r"
        filter.target = "t"
        filter.source = "s"
        filter.since = .ago(milliseconds: 7_200_000)
        #expect(command.selection.filter == filter)
        #expect(command.selection.limit == 7)
        #expect(command.form.format == .jsonl)
        #expect(command.form.color == .never)
    }

    @Test("Jobs, and how long to wait for them")
    func jobs() throws {
        let command = try command([
            "@last", "4410AD09", "--wait", "--timeout", "10m", "--allow-rejections",
            "--rejections=all",
        ])
        #expect(command.jobs.count == 2)
        #expect(command.jobs.first == .last)
        #expect(command.timeout == .seconds(600))
        #expect(command.rejections == .all)
        #expect(try self.command(["4410", "--rejections", "3"]).rejections == .first(3))
        #expect(try self.command(["4410", "--wait", "--timeout", "90"]).timeout == .seconds(90))
    }

    @Test(
        "A time for --since",
        arguments: [
            ("90s", StatusQuery.Filter.Since.ago(milliseconds: 90_000)),
            ("2026-11-21", .time(StatusSample.time("2026-11-21T00:00:00Z"))),
            ("2026-11-21T08:00:00+01:00", .time(StatusSample.time("2026-11-21T07:00:00Z"))),
        ])
    func since(_ text: String, _ since: StatusQuery.Filter.Since) throws {
        #expect(try StatusFilterText.since(text) == since)
        #expect(try StatusFilterText.since(StatusFilterText.text(since)) == since)
    }
}
