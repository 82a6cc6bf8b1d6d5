-- Takes a backfill in: its job, and what all workers need to go on with it. It waits where another
-- one for the same scope is on its way, and it is done already where its definition is the one last
-- finished and no other one has begun since. Returns its state; no row if another worker has taken
-- the same job in meanwhile.
WITH known AS (
    SELECT EXISTS (SELECT FROM rollcall.backfill_version v
                   WHERE v.backfill = $10 AND v.scope = $11 AND v.digest = $12)
        AND $13::boolean AND NOT $14::boolean AND NOT $15::boolean
        AND NOT EXISTS (SELECT FROM rollcall.backfill_run r
            WHERE r.state <> 'ended' AND r.backfill = $10 AND r.scope = $11 AND r.digest <> $12
              AND NOT r.is_dry_run) AS is_same
), active AS (
    INSERT INTO rollcall.backfill_run (job_id, digest, max_rows_per_second, steps, is_dry_run,
        is_forced, is_gated, state, backfill, scope, arguments)
    SELECT $1, $12, $16, $17, $15, $14, $13, 'active', $10, $11, $18
    FROM known
    WHERE NOT is_same AND NOT EXISTS (SELECT FROM rollcall.backfill_run r
        WHERE r.state = 'waiting' AND r.backfill = $10 AND r.scope = $11)
    ON CONFLICT DO NOTHING
    RETURNING job_id
), forgotten AS (
    DELETE FROM rollcall.backfill_version v
    USING active
    WHERE v.backfill = $10 AND v.scope = $11 AND v.digest <> $12 AND NOT $15
), waiting AS (
    INSERT INTO rollcall.backfill_run (job_id, digest, max_rows_per_second, steps, is_dry_run,
        is_forced, is_gated, state, backfill, scope, arguments)
    SELECT $1, $12, $16, $17, $15, $14, $13, 'waiting', $10, $11, $18
    FROM known
    WHERE NOT is_same AND NOT EXISTS (SELECT FROM active)
    ON CONFLICT DO NOTHING
    RETURNING job_id
), job AS (
    INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at, "partition",
        items, attempts, dry_run, skipped, kind, state, relation, target, source, mode, topic, worker,
        trace_id, retry_of)
    SELECT $1, $2, $3, $4, now(), CASE WHEN is_same THEN clock_timestamp() END, $5,
        0, 1, $15, is_same, 'backfill',
        CASE WHEN is_same THEN 'succeeded' WHEN EXISTS (SELECT FROM active) THEN 'running'
            ELSE 'waiting' END,
        $10, $11, $6, 'partial', $7, $8, $9, $20
    FROM known
    WHERE is_same OR EXISTS (SELECT FROM active) OR EXISTS (SELECT FROM waiting)
    ON CONFLICT (id) DO NOTHING
    RETURNING id, state, finished_at
), event AS (
    INSERT INTO rollcall.job_event (jobs)
    SELECT ARRAY[id] FROM job WHERE finished_at IS NOT NULL AND $19::boolean
)
SELECT state FROM job
