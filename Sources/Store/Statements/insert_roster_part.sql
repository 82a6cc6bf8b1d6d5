-- A part is staged, its rows beside it. Returns whether all are here now.
WITH part AS (
    INSERT INTO rollcall.roster_part (job_id, number, digest, rows, lines, file, header)
    VALUES ($1, $2, $3, $4, $5, $6,
        CASE WHEN $7::jsonb IS NOT NULL
            THEN ARRAY(SELECT jsonb_array_elements_text($7::jsonb)) END)
)
UPDATE rollcall.roster_import
SET parts_staged = parts_staged + 1, rows_staged = rows_staged + $4,
    touched_at = clock_timestamp()
WHERE job_id = $1
RETURNING parts_staged >= parts
