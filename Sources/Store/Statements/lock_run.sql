-- Keeps the parts of a backfill from ending until COMMIT.
SELECT FROM rollcall.backfill_run WHERE job_id = $1 FOR UPDATE
