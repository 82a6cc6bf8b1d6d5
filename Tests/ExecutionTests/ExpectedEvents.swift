import Postgres
import Testing

/// Whether the outbox names each job that has ended, once, and no other.
func expectEvents(on connection: Connection) throws {
    let wrong = try connection.execute(
        """
        SELECT j.id::text, j.state, count(e.id)::text
        FROM rollcall.job j
        FULL JOIN (SELECT unnest(jobs) AS id FROM rollcall.job_event) e USING (id)
        GROUP BY j.id, j.state, j.finished_at
        HAVING count(e.id) <> CASE WHEN j.finished_at IS NULL THEN 0 ELSE 1 END
        """)
    #expect(
        wrong.count == 0,
        "\(wrong.count > 0 ? [0, 1, 2].map { wrong.optionalString(0, $0) ?? "-" }.joined(separator: " ") : "")"
    )
}
