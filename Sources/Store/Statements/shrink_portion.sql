-- A portion of the plan took too long: the next try looks at fewer rows.
UPDATE rollcall.backfill_run SET portion = $2, tries = $3,
    next_at = greatest(next_at, now() + $4 * interval '1 millisecond')
WHERE job_id = $1 AND state = 'active'
