-- All parts of an import are here: from now on any worker goes on with it. It waits where another one
-- into the same target is on its way.
WITH import AS (
    UPDATE rollcall.roster_import SET is_waiting = false WHERE job_id = $1
    RETURNING job_id, arguments
), active AS (
    INSERT INTO rollcall.backfill_run (job_id, kind, digest, steps, is_dry_run, is_forced, is_gated,
        state, backfill, scope, arguments, relations)
    SELECT job_id, 'roster-import', $4, $5, $6, false, false, 'active', $2, $3, arguments,
        $7::text[]
    FROM import
    WHERE NOT EXISTS (SELECT FROM rollcall.backfill_run r
        WHERE r.state = 'waiting' AND r.backfill = $2 AND r.scope = $3)
    ON CONFLICT DO NOTHING
    RETURNING job_id
), waiting AS (
    INSERT INTO rollcall.backfill_run (job_id, kind, digest, steps, is_dry_run, is_forced, is_gated,
        state, backfill, scope, arguments, relations)
    SELECT job_id, 'roster-import', $4, $5, $6, false, false, 'waiting', $2, $3,
        arguments, $7::text[]
    FROM import
    WHERE NOT EXISTS (SELECT FROM active)
    ON CONFLICT DO NOTHING
)
UPDATE rollcall.job
SET state = CASE WHEN EXISTS (SELECT FROM active) THEN 'running' ELSE 'waiting' END
WHERE id = $1
