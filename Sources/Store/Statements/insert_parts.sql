-- A portion of the plan: its parts, and how far it goes. Returns how the backfill stands.
WITH portion AS MATERIALIZED (
    SELECT p.lower_bound, p.upper_bound, p.items, p.n
    FROM unnest($5::text[], $6::text[], $7::bigint[]) WITH ORDINALITY
      AS p (lower_bound, upper_bound, items, n)
), run AS (
    UPDATE rollcall.backfill_run r
    SET last_part = r.last_part + total.parts, parts = r.parts + total.parts,
        parts_open = r.parts_open + total.parts, items = r.items + total.items,
        planned_to = coalesce($3::jsonb, r.planned_to), is_planning = $4, tries = 0,
        waits_for = NULL, touched_at = clock_timestamp()
    FROM (SELECT count(*)::integer AS parts, coalesce(sum(p.items), 0)::bigint AS items
          FROM portion p) AS total
    WHERE r.job_id = $1 AND r.step = $2 AND r.state = 'active' AND r.ending IS NULL
    RETURNING r.step, r.steps, r.parts_open, r.is_planning, r.ending, r.done, r.items,
        r.last_part - total.parts AS first
), inserted AS (
    INSERT INTO rollcall.job_part (job_id, step, number, items, lower_bound, upper_bound)
    SELECT $1, run.step, run.first + p.n, p.items, p.lower_bound::jsonb, p.upper_bound::jsonb
    FROM portion p CROSS JOIN run
)
SELECT step, steps, parts_open, is_planning, ending, done, items FROM run
