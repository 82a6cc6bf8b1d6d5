import Jobs
import Store

/// The jobs that an ambiguous id could mean.
enum StatusCandidates {
    /// A line a job, with as much of its id as names it.
    static func lines(_ jobs: [StatusQuery.Job]) -> [String] {
        let rows = jobs.map { job in
            [
                job.id.description, job.kind, job.fullTarget, job.state.rawValue,
                TimeText.age(job.ageMilliseconds) + " ago",
            ].map { StatusTable.Cell(VisibleText.escaped($0)) }
        }
        let columns = (0..<5).map { _ in StatusTable.Column(head: "") }
        return StatusTable(columns: columns, rows: rows).lines(StatusInk(isOn: false)).dropFirst()
            .map { "  " + $0 }
    }
}
