-- A backfill ends, its job with it; a definition that is finished is remembered. Returns the job.
WITH run AS (
    UPDATE rollcall.backfill_run r
    SET state = 'ended', is_planning = false, waits_for = NULL, touched_at = clock_timestamp(),
        -- Rows of an import that has failed are rejected, unless they were done before.
        rejected = CASE WHEN ending = 'failed' THEN greatest(r.rejected, coalesce(
            (SELECT i.rows_staged FROM rollcall.roster_import i WHERE i.job_id = r.job_id)
            - created - updated - removed - unchanged - absent, 0)) ELSE r.rejected END
    WHERE job_id = $1
    RETURNING *
), forgotten AS (
    -- Refused rows stay, unless nobody knows yet which of their values are passwords.
    DELETE FROM rollcall.roster_row w
    USING run, rollcall.roster_part p
    WHERE run.kind = 'roster-import' AND run.ending IS NOT NULL AND w.job_id = run.job_id
      AND p.job_id = w.job_id AND p.number = w.part AND (w.code IS NULL OR p.positions IS NULL)
), job AS (
    UPDATE rollcall.job j
    SET state = coalesce(run.ending,
            CASE WHEN run.rejected > 0 THEN 'succeeded_with_rejections' ELSE 'succeeded' END),
        finished_at = clock_timestamp(),
        items = run.created + run.updated + run.removed + run.unchanged + run.absent
            + run.rejected,
        created = run.created, updated = run.updated, removed = run.removed,
        unchanged = run.unchanged, absent = run.absent, rejected = run.rejected,
        error_code = run.error_code, error_message = run.error_message
    FROM run
    WHERE j.id = run.job_id
    RETURNING j.*
), version AS (
    INSERT INTO rollcall.backfill_version (backfill, scope, digest, job_id)
    SELECT backfill, scope, digest, job_id FROM run
    WHERE is_gated AND NOT is_dry_run AND ending IS NULL
    ON CONFLICT (backfill, scope) DO UPDATE
    SET digest = excluded.digest, job_id = excluded.job_id, recorded_at = now()
), event AS (
    INSERT INTO rollcall.job_event (jobs) SELECT ARRAY[id] FROM job WHERE $2::boolean
)
SELECT kind, relation, state, created::bigint, updated::bigint, unchanged::bigint, removed::bigint,
    absent::bigint, rejected::bigint,
    greatest(0, extract(epoch FROM started_at - requested_at) * 1000)::bigint,
    greatest(0, extract(epoch FROM finished_at - started_at) * 1000)::bigint,
    (SELECT string_agg(c.count || ' ' || c.code, E'\n')
     FROM (SELECT w.code, count(*) FROM rollcall.roster_row w
           WHERE w.job_id = $1 AND w.code IS NOT NULL GROUP BY w.code) AS c)
FROM job
