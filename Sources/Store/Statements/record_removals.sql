-- Members that an exact import would remove, behind all rows of its dry run.
INSERT INTO rollcall.roster_row (job_id, part, line, "values", message, outcome)
SELECT $1, 2147483647, m.n, '{}', m.member, 'removed'
FROM unnest($2::text[]) WITH ORDINALITY AS m (member, n)
