-- The jobs whose ids start alike: a range of the primary key.
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
WHERE j.id BETWEEN $1::uuid AND $2::uuid
ORDER BY j.id
LIMIT $3
