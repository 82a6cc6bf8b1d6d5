-- Begins a backfill that has waited for another one, or ends it where that one has finished the same
-- definition. What another definition has begun to change is no longer what the last one finished:
-- that one is forgotten. Whoever comes second waits here for the first and then finds nothing to do.
WITH chosen AS (
    SELECT r.job_id,
        r.is_gated AND NOT r.is_forced AND NOT r.is_dry_run AND EXISTS (
            SELECT FROM rollcall.backfill_version v
            WHERE v.backfill = r.backfill AND v.scope = r.scope AND v.digest = r.digest) AS is_same
    FROM rollcall.backfill_run r
    WHERE r.job_id = $1 AND r.state = 'waiting'
    FOR UPDATE OF r
), run AS (
    UPDATE rollcall.backfill_run r
    SET state = CASE WHEN c.is_same THEN 'ended' ELSE 'active' END, touched_at = clock_timestamp()
    FROM chosen c
    WHERE r.job_id = c.job_id
    RETURNING r.job_id, c.is_same, r.backfill, r.scope, r.digest, r.is_dry_run
), forgotten AS (
    DELETE FROM rollcall.backfill_version v
    USING run
    WHERE v.backfill = run.backfill AND v.scope = run.scope AND v.digest <> run.digest
      AND NOT run.is_same AND NOT run.is_dry_run
), event AS (
    INSERT INTO rollcall.job_event (jobs)
    SELECT ARRAY[job_id] FROM run WHERE is_same AND $3::boolean
)
UPDATE rollcall.job j
SET state = CASE WHEN run.is_same THEN 'succeeded' ELSE 'running' END, skipped = run.is_same,
    started_at = clock_timestamp(),
    finished_at = CASE WHEN run.is_same THEN clock_timestamp() END, worker = $2
FROM run
WHERE j.id = run.job_id
