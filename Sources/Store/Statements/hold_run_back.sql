-- A backfill whose tables are not as they were waits, for $3 milliseconds, all of its parts with it.
UPDATE rollcall.backfill_run
SET tries = tries + 1, waits_for = $2,
    next_at = greatest(next_at, now() + $3 * interval '1 millisecond')
WHERE job_id = $1 AND state = 'active'
