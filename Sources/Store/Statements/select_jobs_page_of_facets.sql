-- A page of the list where states, kinds, a relation or a source are asked for, see select_jobs_page.sql.
-- There are few combinations of these four: they are found by going from one to the next in their index,
-- and of each that is asked for the newest jobs are read, so that those of which there are few among
-- millions are found as soon as all others.
WITH RECURSIVE facet AS (
    (SELECT j.kind, j.relation, j.source, j.state FROM rollcall.jobs j
     ORDER BY j.kind, j.relation, j.source, j.state LIMIT 1)
    UNION ALL
    SELECT n.* FROM facet f CROSS JOIN LATERAL (
        SELECT j.kind, j.relation, j.source, j.state FROM rollcall.jobs j
        WHERE (j.kind, j.relation, j.source, j.state) > (f.kind, f.relation, f.source, f.state)
        ORDER BY j.kind, j.relation, j.source, j.state LIMIT 1) n
), page AS MATERIALIZED (
    SELECT p.id, p.started_at
    FROM facet f CROSS JOIN LATERAL (
        SELECT j.id, j.started_at FROM rollcall.jobs j
        WHERE j.kind = f.kind AND j.relation = f.relation AND j.source = f.source
          AND j.state = f.state
          AND ($1::uuid IS NULL OR (j.started_at, j.id)
                < ((SELECT c.started_at FROM rollcall.jobs c WHERE c.id = $1), $1))
          AND ($7::timestamptz IS NULL OR j.started_at >= $7)
          AND ($8::bigint IS NULL OR j.started_at >= now() - $8 * interval '1 millisecond')
        ORDER BY j.started_at DESC, j.id DESC
        LIMIT $9) p
    WHERE ($2::text[] IS NULL OR f.state = ANY ($2))
      AND ($3::text[] IS NULL OR f.kind = ANY ($3))
      AND ($4::text IS NULL OR f.relation = $4)
      AND ($6::text IS NULL OR f.source = $6)
      AND $5::text IS NULL
    ORDER BY p.started_at DESC, p.id DESC
    LIMIT $9
)
SELECT j.id, j.kind, j.state, j.relation, j.target, j.source, j.mode, j.dry_run, j.skipped,
    j.items, j.created, j.updated, j.unchanged, j.removed, j.absent, j.superseded, j.rejected,
    j.attempts, j.duplicates, j.error_code, j.error_message, j.requested_at, j.started_at,
    j.finished_at, j.worker, j.topic, j."partition", j."offset", j.trace_id,
    (SELECT n.id FROM rollcall.jobs n WHERE n.id < j.id ORDER BY n.id DESC LIMIT 1),
    (SELECT n.id FROM rollcall.jobs n WHERE n.id > j.id ORDER BY n.id LIMIT 1),
    clock_timestamp(), j.rows_planned, j.rows_done, j.rows_done_before, j.parts, j.parts_done,
    j.parts_failed, j.step, j.steps, j.planning, j.paused, j.cancelling, j.waits_for,
    j.retry_of
FROM page CROSS JOIN LATERAL (
    SELECT * FROM rollcall.jobs j WHERE j.id = page.id OFFSET 0) j
ORDER BY j.started_at DESC, j.id DESC
