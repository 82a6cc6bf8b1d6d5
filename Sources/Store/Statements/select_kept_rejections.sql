-- The rejected items of a job that are kept.
SELECT item, member, code, message FROM rollcall.rejection WHERE job_id = $1 ORDER BY item
