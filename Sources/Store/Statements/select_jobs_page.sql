-- A page of the list, newest first, from the place of job $1 on (null: from the top). Keyset and
-- no OFFSET: the last page costs what the first one does; the place is two values and not a row, which an
-- index could not be entered with. The neighbours in the order of ids tell how many characters of an id
-- name this job and no other. Where states, kinds, a relation or a source are asked for, and no target,
-- select_jobs_page_of_facets.sql does it, with the same parameters.
SELECT j.id, j.kind, j.state, j.relation, j.target, j.source, j.mode, j.dry_run, j.skipped,
    j.items, j.created, j.updated, j.unchanged, j.removed, j.absent, j.superseded, j.rejected,
    j.attempts, j.duplicates, j.error_code, j.error_message, j.requested_at, j.started_at,
    j.finished_at, j.worker, j.topic, j."partition", j."offset", j.trace_id,
    (SELECT n.id FROM rollcall.jobs n WHERE n.id < j.id ORDER BY n.id DESC LIMIT 1),
    (SELECT n.id FROM rollcall.jobs n WHERE n.id > j.id ORDER BY n.id LIMIT 1),
    clock_timestamp(), j.rows_planned, j.rows_done, j.rows_done_before, j.parts, j.parts_done,
    j.parts_failed, j.step, j.steps, j.planning, j.paused, j.cancelling, j.waits_for,
    j.retry_of
FROM rollcall.jobs j
WHERE ($1::uuid IS NULL OR (j.started_at, j.id)
        < ((SELECT c.started_at FROM rollcall.jobs c WHERE c.id = $1), $1))
  AND ($5::text IS NULL OR j.target = $5)
  AND ($2::text[] IS NULL OR j.state = ANY ($2))
  AND ($3::text[] IS NULL OR j.kind = ANY ($3))
  AND ($4::text IS NULL OR j.relation = $4)
  AND ($6::text IS NULL OR j.source = $6)
  AND ($7::timestamptz IS NULL OR j.started_at >= $7)
  AND ($8::bigint IS NULL OR j.started_at >= now() - $8 * interval '1 millisecond')
ORDER BY j.started_at DESC, j.id DESC
LIMIT $9
