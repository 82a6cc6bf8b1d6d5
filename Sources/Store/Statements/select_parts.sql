-- Parts of a job: all of them, or those that somebody may want to know of.
SELECT p.step, p.number, p.items, p.created, p.updated, p.removed, p.state, p.attempts, p.worker,
    (extract(epoch FROM coalesce(p.finished_at, clock_timestamp()) - p.started_at) * 1000)::bigint,
    p.error_code, p.error_message
FROM rollcall.job_parts p
WHERE p.job_id = $1
  AND ($2 OR p.state IN ('running', 'failed', 'split') OR p.attempts > 1
      OR p.state = 'pending' AND p.error_code IS NOT NULL)
ORDER BY p.step, p.number
LIMIT $3
