-- The next step begins with its plan.
UPDATE rollcall.backfill_run
SET step = step + 1, done_before = done, is_planning = true, planned_to = NULL, portion = NULL, tries = 0
WHERE job_id = $1
