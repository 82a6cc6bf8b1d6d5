-- A backfill is to end before it is finished: nothing more of it is claimed or planned. No row if it
-- has ended, or is going to, already.
UPDATE rollcall.backfill_run
SET ending = $2, error_code = $3, error_message = $4, is_planning = false,
    touched_at = clock_timestamp()
WHERE job_id = $1 AND state <> 'ended' AND ending IS NULL
RETURNING job_id
