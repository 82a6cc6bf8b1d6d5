UPDATE rollcall.job_part
SET state = 'failed', finished_at = clock_timestamp(), error_code = $6, error_message = $7
WHERE job_id = $1 AND step = $2 AND number = $3 AND state = 'running' AND worker = $4
  AND attempts = $5
