-- Locks a part that this worker has claimed; no row if it is another's by now.
SELECT FROM rollcall.job_part p
WHERE p.job_id = $1 AND p.step = $2 AND p.number = $3 AND p.state = 'running' AND p.worker = $4
  AND p.attempts = $5
FOR UPDATE SKIP LOCKED
