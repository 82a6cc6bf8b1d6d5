-- The newest messages that could not become these jobs. There is no index for it, so the look
-- back is short: it answers somebody who waits for a job that was sent just now.
SELECT d.job_id, d.code, d.reason
FROM (SELECT l.job_id, l.code, l.reason FROM rollcall.dead_letters l
      ORDER BY l.id DESC LIMIT 10000) d
WHERE d.job_id = ANY ($1::uuid[])
