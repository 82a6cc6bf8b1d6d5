-- Shows refused rows among the job's rejected items, as many as are kept of a job.
INSERT INTO rollcall.rejection (job_id, item, member, code, message)
SELECT $1, r.item, r.member, r.code, r.message
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[]) AS r (item, member, code, message)
WHERE NOT EXISTS (SELECT FROM rollcall.rejection k WHERE k.job_id = $1 AND k.item = r.item)
ORDER BY r.item
LIMIT greatest(0, $6 - (SELECT count(*) FROM rollcall.rejection k WHERE k.job_id = $1))
ON CONFLICT (job_id, item) DO NOTHING
