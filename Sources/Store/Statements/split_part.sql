-- A part becomes two.
WITH part AS (
    UPDATE rollcall.job_part p
    SET state = 'split', finished_at = clock_timestamp(), error_code = $10, error_message = $11
    WHERE p.job_id = $1 AND p.step = $2 AND p.number = $3 AND p.state = 'running'
      AND p.worker = $4 AND p.attempts = $5
    RETURNING p.items, p.lower_bound, p.upper_bound
), run AS (
    UPDATE rollcall.backfill_run r
    SET last_part = r.last_part + 2, parts = r.parts + 1, parts_open = r.parts_open + 1,
        items = r.items - part.items + $8 + $9
    FROM part
    WHERE r.job_id = $1
    RETURNING r.last_part
)
INSERT INTO rollcall.job_part (job_id, step, number, items, lower_bound, upper_bound, tries,
    not_before)
SELECT $1, $2, run.last_part - 1, $8, part.lower_bound, $6::jsonb, $12,
    now() + $13 * interval '1 millisecond'
FROM part CROSS JOIN run
UNION ALL
SELECT $1, $2, run.last_part, $9, $7::jsonb, part.upper_bound, $12,
    now() + $13 * interval '1 millisecond'
FROM part CROSS JOIN run
