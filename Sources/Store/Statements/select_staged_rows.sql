-- All rows that are kept of an import, behind a place, with their file's heads and what would become
-- of each.
SELECT r.part, r.line, p.file, array_to_json(r."values"), r.code, r.message,
    array_to_json(coalesce(p.header, (
        SELECT f.header FROM rollcall.roster_part f
        WHERE f.job_id = r.job_id AND f.file = p.file AND f.header IS NOT NULL
        ORDER BY f.number LIMIT 1))),
    CASE WHEN r.code IS NOT NULL THEN 'rejected' ELSE coalesce(r.outcome, 'unchanged') END
FROM rollcall.roster_row r
LEFT JOIN rollcall.roster_part p ON p.job_id = r.job_id AND p.number = r.part
WHERE r.job_id = $1 AND (p.file = $2 OR p.file IS NULL) AND (r.part, r.line) > ($3, $4)
ORDER BY r.part, r.line
LIMIT $5
