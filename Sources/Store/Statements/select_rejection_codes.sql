-- How many of each job's kept rejections have which code, the most frequent first.
SELECT r.job_id, r.code, count(*) FROM rollcall.rejections r
WHERE r.job_id = ANY ($1::uuid[])
GROUP BY r.job_id, r.code
ORDER BY r.job_id, count(*) DESC, r.code
