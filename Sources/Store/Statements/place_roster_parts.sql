-- Notes where the roster's columns stand in the rows of each part, and which lines stand before them.
UPDATE rollcall.roster_part p
SET lines_before = known.lines_before, file_lines_before = known.file_lines_before,
    width = known.width,
    positions = ARRAY(SELECT (position #>> '{}')::integer
        FROM jsonb_array_elements(known.positions::jsonb)
            WITH ORDINALITY AS list (position, n) ORDER BY n)
FROM unnest($2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::text[])
  AS known (number, lines_before, file_lines_before, width, positions)
WHERE p.job_id = $1 AND p.number = known.number
