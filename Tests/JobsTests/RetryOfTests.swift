import Jobs
import Testing

/// Jobs that do another one once more.
@Suite struct RetryOfTests {
    private static let old = "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1aff"

    @Test("an event names the job that it does once more, in every mode")
    func attribute() throws {
        let structured = try Messages.job(
            Messages.structured(["rollcallretryof": "\"\(Self.old)\""]),
            Messages.structuredHeaders)
        #expect(structured.retryOf?.description == Self.old)
        let binary = try Messages.job(
            Messages.data, Messages.headers(["ce_rollcallretryof": Self.old]))
        #expect(binary.retryOf?.description == Self.old)
        #expect(try Messages.job(Messages.structured()).retryOf == nil)
        // It is nothing that anybody must get right.
        for value in ["\"me\"", "7", "null"] {
            #expect(
                try Messages.job(Messages.structured(["rollcallretryof": value])).retryOf == nil)
        }
        #expect(structured.digest == binary.digest)
    }

    @Test("a derived id is the same of the same, and another one otherwise")
    func derived() throws {
        let id = try #require(JobID(Self.old))
        #expect(id.derived("retry 1") == id.derived("retry 1"))
        var all: Set<JobID> = [id]
        for number in 0..<1_000 {
            for name in ["retry \(number)", "rejected retry 1 \(number)"] {
                all.insert(id.derived(name))
                all.insert(JobID(high: id.high, low: id.low + 1).derived(name))
            }
        }
        #expect(all.count == 4_001)
        for id in all.prefix(50) where "\(id)" != Self.old {
            let text = Array("\(id)")
            #expect(text[14] == "8")
            #expect("89ab".contains(text[19]))
        }
    }
}
