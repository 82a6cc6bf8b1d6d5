-- Puts a part back that could not go on; $6 attempts are taken back, and it waits for $8 milliseconds.
UPDATE rollcall.job_part
SET state = 'pending', attempts = attempts - $6, tries = tries + $7,
    not_before = now() + $8 * interval '1 millisecond', error_code = $9, error_message = $10
WHERE job_id = $1 AND step = $2 AND number = $3 AND state = 'running' AND worker = $4
  AND attempts = $5
