-- A part is done. Returns how the work stands: from here on to COMMIT its other parts wait.
WITH part AS (
    UPDATE rollcall.job_part p
    SET state = 'done', created = $4, updated = $5, removed = $6, unchanged = $7, absent = $8,
        rejected = $9, tries = 0, finished_at = clock_timestamp()
    WHERE p.job_id = $1 AND p.step = $2 AND p.number = $3
    RETURNING p.items
)
UPDATE rollcall.backfill_run r
SET done = r.done + part.items, created = r.created + $4, updated = r.updated + $5,
    removed = r.removed + $6, unchanged = r.unchanged + $7, absent = r.absent + $8,
    rejected = r.rejected + $9, parts_done = r.parts_done + 1, parts_open = r.parts_open - 1,
    tries = 0, waits_for = NULL, touched_at = clock_timestamp()
FROM part
WHERE r.job_id = $1
RETURNING r.step, r.steps, r.parts_open, r.is_planning, r.ending, r.done, r.items
