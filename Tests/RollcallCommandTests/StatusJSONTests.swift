import Foundation
import Jobs
import Store
import Testing

@testable import rollcall

@Suite("Jobs as JSON")
struct StatusJSONTests {
    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("One job, whole")
    func job() {
        #expect(
            StatusJSON.job(StatusSample.detail) == """
                {"api_version":"1","job":{"id":"4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11",\
                "kind":"roster-import","state":"succeeded_with_rejections","terminal":true,\
                "relation":"course-roster","target":"7","source":"/services/sis-sync",\
                "mode":"partial","dry_run":false,"skipped":false,\
                "requested_at":"2026-11-21T02:14:06.220Z","started_at":"2026-11-21T02:14:07.120Z",\
                "finished_at":"2026-11-21T02:14:10.220Z","waited_s":0.9,"took_s":3.1,\
                "attempts":1,"duplicates":1,"items":{"total":3004,"created":212,"updated":40,\
                "unchanged":2739,"removed":0,"absent":0,"superseded":0,"rejected":13,"pending":0},\
                "parts":{"total":0,"done":0,"failed":0,"rows_planned":null,"rows_walked":null,\
                "step":null,"steps":null,"paused":null,"waits_for":null},"rejections":{"by_code":\
                {"unknown-user":8,"duplicate-username":4,"invalid-value":1},"items":[\
                {"item":118,"member":"u-9914","code":"unknown-user",\
                "message":"users.id has no row \\"u-9914\\""},\
                {"item":119,"member":"grace\\u009b2J","code":"invalid-value",\
                "message":"role must be one of student, ta, teacher; got \\"substitute\\""}]},\
                "error":null,"kafka":{"topic":"rollcall.assignments","partition":3,"offset":88120},\
                "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","worker":"worker-1/77c",\
                "retry_of":null}}
                """)
    }

    @Test("Every state keeps the shape, and absent is null")
    func shape() throws {
        let whole = try #require(
            try object(StatusJSON.job(StatusSample.detail))["job"] as? [String: Any])
        for job in StatusSample.all {
            let text = StatusJSON.line(StatusDetail(job: job, codes: [], rejections: []))
            let line = try object(text)
            #expect(Set(line.keys) == Set(whole.keys))
            #expect((line["terminal"] as? Bool) == job.state.isTerminal)
            #expect(line["took_s"] is NSNull == !job.state.isTerminal)
            let items = try #require(line["items"] as? [String: Int])
            let outcomes = items.filter { $0.key != "total" && $0.key != "pending" }
            #expect(outcomes.count == 7)
            if job.state != .cancelled {
                #expect(items["total"] == outcomes.values.reduce(0, +) + (items["pending"] ?? 0))
            }
        }
        let failed = try object(
            StatusJSON.line(StatusDetail(job: StatusSample.failed, codes: [], rejections: [])))
        #expect((failed["error"] as? [String: String])?["code"] == "item-rejected")
    }

    @Test("A list, and where it goes on")
    func list() throws {
        let details = StatusSample.all.map { StatusDetail(job: $0, codes: [], rejections: []) }
        let first = try object(StatusJSON.list(details, next: StatusSample.waiting.id))
        #expect((first["jobs"] as? [Any])?.count == 6)
        #expect(first["next"] as? String == StatusSample.waiting.id.description)
        #expect(StatusJSON.list([], next: nil) == #"{"api_version":"1","jobs":[],"next":null}"#)
    }

    @Test("Any text survives, and none commands a terminal")
    func texts() throws {
        let text = "q\" b\\ /\n\r\t\u{0}\u{1B}\u{7F}\u{9F}\u{2028}\u{202E} é 数 🎓 \u{10FFFF}"
        let json = JSONText.object([("t", .string(text))]).description
        #expect(try object(json)["t"] as? String == text)
        #expect(
            json.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
}
