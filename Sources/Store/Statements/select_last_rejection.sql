-- The last item of a job of which a rejection is kept.
SELECT coalesce(max(item), 0) FROM rollcall.rejection WHERE job_id = $1
