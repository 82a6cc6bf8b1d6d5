SELECT tries, portion FROM rollcall.backfill_run WHERE job_id = $1
