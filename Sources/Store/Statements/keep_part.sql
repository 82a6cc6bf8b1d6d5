-- A part that has failed stays with its worker while that one decides what becomes of it: for $6
-- milliseconds nobody takes the worker for dead. No row if the part is another's by now.
UPDATE rollcall.job_part
SET not_before = now() + $6 * interval '1 millisecond'
WHERE job_id = $1 AND step = $2 AND number = $3 AND state = 'running' AND worker = $4
  AND attempts = $5
