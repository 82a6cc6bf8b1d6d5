-- Locks an import until COMMIT, so that two workers know which part was the last.
SELECT FROM rollcall.roster_import WHERE job_id = $1 FOR UPDATE
