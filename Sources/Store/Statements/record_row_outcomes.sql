-- What would become of rows of a dry run.
UPDATE rollcall.roster_row r
SET outcome = o.outcome
FROM unnest($2::integer[], $3::integer[], $4::text[]) AS o (part, line, outcome)
WHERE r.job_id = $1 AND r.part = o.part AND r.line = o.line
