-- Refused rows of an import as they were sent, behind a place, with their file's heads.
SELECT r.part, r.line, p.file, array_to_json(r."values"), r.code, r.message,
    array_to_json(coalesce(p.header, (
        SELECT f.header FROM rollcall.roster_part f
        WHERE f.job_id = r.job_id AND f.file = p.file AND f.header IS NOT NULL
        ORDER BY f.number LIMIT 1))),
    'rejected'
FROM rollcall.roster_row r
JOIN rollcall.roster_part p ON p.job_id = r.job_id AND p.number = r.part
WHERE r.job_id = $1 AND p.file = $2 AND (r.part, r.line) > ($3, $4) AND r.code IS NOT NULL
ORDER BY r.part, r.line
LIMIT $5
