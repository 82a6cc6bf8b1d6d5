-- A backfill ends, its job with it; a definition that is finished is remembered.
WITH run AS (
    UPDATE rollcall.backfill_run
    SET state = 'ended', is_planning = false, waits_for = NULL, touched_at = clock_timestamp()
    WHERE job_id = $1
    RETURNING *
), job AS (
    UPDATE rollcall.job j
    SET state = coalesce(run.ending, 'succeeded'), finished_at = clock_timestamp(),
        items = run.created + run.updated + run.removed, created = run.created,
        updated = run.updated, removed = run.removed, error_code = run.error_code,
        error_message = run.error_message
    FROM run
    WHERE j.id = run.job_id
)
INSERT INTO rollcall.backfill_version (backfill, scope, digest, job_id)
SELECT backfill, scope, digest, job_id FROM run
WHERE is_gated AND NOT is_dry_run AND ending IS NULL
ON CONFLICT (backfill, scope) DO UPDATE
SET digest = excluded.digest, job_id = excluded.job_id, recorded_at = now()
