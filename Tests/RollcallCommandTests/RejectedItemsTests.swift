import Jobs
import RollcallClient
import Testing

@testable import rollcall

/// Jobs for what was rejected of a job.
@Suite struct RejectedItemsTests {
    private func data(
        _ numbers: [Int], of text: String, kind: String = "assign"
    ) throws -> [String] {
        let event = try CloudEvent(
            value: Array(
                """
                {"specversion":"1.0","id":"00000000-0000-4000-8000-000000000001","source":"/t",\
                "type":"rollcall.\(kind)","data":\(text)}
                """.utf8), headers: [], depth: 16)
        let job = try Job(event)
        let items = try RejectedItems(numbers, of: try #require(job.assignment), event.data)
        return items.data.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("the members at the numbers stay as they were written")
    func members() throws {
        let text =
            #"{"relation":"e","target": 4,"members":[1,{"member":"é\"","role":"ta"},3],"#
            + #""mode":"atomic"}"#
        #expect(
            try data([2, 3], of: text) == [
                #"{"target":4,"members":[{"member":"é\"","role":"ta"},3],"relation":"e","#
                    + #""mode":"atomic"}"#
            ])
    }

    @Test("of several targets those with the same members rejected are one job")
    func targets() throws {
        let text = #"{"relation":"e","targets":["a","b","c"],"members":[1,2]}"#
        #expect(
            try data([1, 5], of: text) == [#"{"targets":["a","c"],"members":[1],"relation":"e"}"#])
        #expect(
            try data([2, 3, 4, 6], of: text) == [
                #"{"targets":["a","c"],"members":[2],"relation":"e"}"#,
                #"{"target":"b","members":[1,2],"relation":"e"}"#,
            ])
    }

    @Test("what an exact job leaves is not exact any more: that would remove all others")
    func exact() throws {
        let text =
            #"{"relation":"e","target":1,"members":[1,2],"exact":true,"confirm_removals":true}"#
        #expect(try data([1], of: text) == [#"{"target":1,"members":[1],"relation":"e"}"#])
        #expect(throws: RejectedItems.Refusal.self) { try data([1, 3], of: text) }
        #expect(throws: RejectedItems.Refusal.self) {
            try data(
                [1], of: #"{"relation":"e","target":1,"members":"all"}"#, kind: "unassign")
        }
    }
}
