-- A part is staged, its rows beside it. Returns whether all are here now.
WITH part AS (
    INSERT INTO rollcall.roster_part (job_id, number, digest, rows, lines, file, header)
    VALUES ($1, $2, $3, $4, $5, $6,
        CASE WHEN $7::jsonb IS NOT NULL
            THEN ARRAY(SELECT jsonb_array_elements_text($7::jsonb)) END)
)
UPDATE rollcall.roster_import i
SET parts_staged = parts_staged + 1, rows_staged = rows_staged + $4,
    touched_at = clock_timestamp(),
    -- Whoever waits for more parts than people read is told only how many.
    missing = CASE WHEN i.parts <= 1000 THEN (
        SELECT string_agg(CASE WHEN gap.first = gap.last THEN gap.first::text
            ELSE gap.first || ' to ' || gap.last END, ', ' ORDER BY gap.first)
        FROM (SELECT min(n) AS first, max(n) AS last
              FROM (SELECT n, n - row_number() OVER (ORDER BY n) AS run
                    FROM generate_series(1, i.parts) AS n
                    WHERE n <> $2 AND NOT EXISTS (SELECT FROM rollcall.roster_part p
                        WHERE p.job_id = $1 AND p.number = n)) AS missing
              GROUP BY run) AS gap) END
WHERE i.job_id = $1
RETURNING i.parts_staged >= i.parts
