-- Refuses rows; the first reason stays.
UPDATE rollcall.roster_row r
SET code = refused.code, message = refused.message, secret = NULL
FROM unnest($2::integer[], $3::integer[], $4::text[], $5::text[]) AS refused (part, line, code, message)
WHERE r.job_id = $1 AND r.part = refused.part AND r.line = refused.line AND r.code IS NULL
