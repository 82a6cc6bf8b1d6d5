import Jobs
import Testing

@testable import Execution

/// What `ROLLCALL_FAIL_POINT` may say.
@Suite struct FailPointTests {
    private static let id = "01970000-0000-7000-8000-000000000001"

    @Test(
        "an order names place, number and action",
        arguments: [
            ("before-commit:kill", FailPoint.beforeCommit, FailPointOrder.Action.kill),
            ("after-commit:3:stop", .afterCommit, .stop),
            ("while-draining:2:hold=/tmp/a:b", .whileDraining, .hold("/tmp/a:b")),
            ("during-job=\(id):kill", .duringJob, .kill),
        ])
    func read(text: String, place: FailPoint, action: FailPointOrder.Action) {
        let order = FailPointOrder(text)
        #expect(order?.place == place)
        #expect(order?.action == action)
        #expect(order?.job == (place == .duringJob ? JobID(Self.id) : nil))
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "before-commit", "kill", "nowhere:kill", "before-commit:0:kill",
            "before-commit:x:kill", "before-commit:hold=here", "before-commit:explode",
            "during-job:kill", "during-job=7:kill", "before-commit=\(id):kill",
        ])
    func refused(text: String) { #expect(FailPointOrder(text) == nil) }
}
