import Store
import Testing

@testable import rollcall

@Suite("Jobs as records for other programs")
struct StatusRecordsTests {
    private let plain = StatusInk(isOn: false)

    @Test("The list: tabs, full ids, exact times and numbers")
    func list() {
        let lines = StatusRecords.list(StatusSample.all, ink: plain)
        #expect(
            lines[0]
                == "JOB\tKIND\tTARGET\tSTATE\tPROGRESS\tDONE\tITEMS\tREJECTED\tSTARTED\tTOOK_S\tDRY_RUN"
        )
        #expect(
            lines[1]
                == "7c1f9a2e-5e0b-4a43-9a4e-0f6f4f2b7c11\troster-import\trosters/district-12\trunning"
                + "\t61\t61000\t100000\t14\t2026-11-21T03:12:02.120Z\t\tfalse")
        #expect(
            lines[4]
                == "3fd8a0c4-5e0b-4a43-9a4e-0f6f4f2b7c11\tbackfill\tpart-types/数学 🎓\tfailed"
                + "\t100\t1000000\t1000000\t1000000\t2026-11-21T00:14:07.120Z\t41\tfalse")
        #expect(lines.count == 7)
        #expect(
            lines.allSatisfy {
                $0.split(separator: "\t", omittingEmptySubsequences: false)
                    .count == 11
            })
    }

    @Test("One job: a line a field, and every rejected item that was read")
    func detail() {
        let lines = StatusRecords.detail(StatusSample.detail)
        #expect(lines[0] == "id\t4410ad09-5e0b-4a43-9a4e-0f6f4f2b7c11")
        #expect(lines.contains("state\tsucceeded_with_rejections"))
        #expect(lines.contains("requested_at\t2026-11-21T02:14:06.220Z"))
        #expect(lines.contains("took_s\t3.1"))
        #expect(lines.contains("unchanged\t2739"))
        #expect(lines.contains("error_code\t"))
        #expect(
            lines.suffix(4) == [
                "", "ITEM\tMEMBER\tCODE\tMESSAGE",
                "118\tu-9914\tunknown-user\tusers.id has no row \"u-9914\"",
                "119\tgrace\\u{9B}2J\tinvalid-value\t"
                    + "role must be one of student, ta, teacher; got \"substitute\"",
            ])
    }

    @Test("CSV quotes what must be, and keeps the rest as it is unless a terminal shows it")
    func csv() {
        var job = StatusSample.cancelled
        job.target = "a,\"b\"\n\u{1B}"
        let lines = StatusRecords.csv([job], isTerminal: false)
        #expect(lines[0].hasPrefix("id,kind,state,relation,target,source,mode,dry_run,"))
        #expect(lines[1].contains(",\"a,\"\"b\"\"\n\u{1B}\","))
        let shown = StatusRecords.csv([job], isTerminal: true)
        #expect(shown[1].contains(",\"a,\"\"b\"\"\\n\\u{1B}\","))
        let names = lines[0].split(separator: ",").count
        #expect(
            StatusRecords.csv([StatusSample.running], isTerminal: false)[1]
                .split(separator: ",", omittingEmptySubsequences: false).count == names)
    }
}
