-- The import that a part belongs to, with what is here of this part. No row where another kind of job
-- has the id.
SELECT j.digest, i.is_waiting, p.digest, i.rows_staged, i.parts
FROM rollcall.job j
JOIN rollcall.roster_import i ON i.job_id = j.id
LEFT JOIN rollcall.roster_part p ON p.job_id = j.id AND p.number = $2
WHERE j.id = $1
