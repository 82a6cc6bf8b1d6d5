-- The open step of a backfill whose plan this transaction alone goes on with; no row if another
-- one does. Parts that end meanwhile do not wait for it.
SELECT r.step, r.arguments, r.planned_to, r.portion
FROM rollcall.backfill_run r
WHERE r.job_id = $1 AND r.state = 'active' AND r.is_planning AND r.ending IS NULL
