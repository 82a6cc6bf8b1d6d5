-- Takes a part that nobody has, or that a worker has lost by dying. Where rows may be walked only
-- so fast, the backfill's next part has to wait for its share of the time; what was not used of the
-- last second may be made good.
WITH runs AS MATERIALIZED (
    SELECT r.job_id
    FROM rollcall.backfill_run r
    JOIN unnest($2::text[], $3::bigint[]) AS known (backfill, digest)
      ON known.backfill = r.backfill AND known.digest = r.digest
    WHERE r.state = 'active' AND r.parts_open > 0
      AND (r.ending IS NOT NULL OR r.next_at <= now() AND NOT EXISTS (
          SELECT FROM rollcall.control c
          WHERE (c.subject = 'job' AND c.name = r.job_id::text)
             OR (c.subject = 'backfill' AND c.name = r.backfill)
             OR (c.subject = 'kind' AND c.name = r.kind)
             OR (c.subject = 'relation' AND c.name = ANY (r.relations))))
    ORDER BY r.touched_at
), part AS MATERIALIZED (
    SELECT p.job_id, p.step, p.number, p.items, p.state
    FROM runs
    CROSS JOIN LATERAL (
        SELECT p.job_id, p.step, p.number, p.items, p.state
        FROM rollcall.job_part p
        WHERE p.job_id = runs.job_id AND p.state IN ('pending', 'running')
          AND p.not_before <= now()
        ORDER BY p.step, p.number
        LIMIT 1
        FOR UPDATE SKIP LOCKED) p
    LIMIT 1
), charged AS (
    UPDATE rollcall.backfill_run r
    SET next_at = greatest(r.next_at, now() - interval '1 second')
        + part.items * interval '1 second' / r.max_rows_per_second
    FROM part
    WHERE r.job_id = part.job_id AND r.max_rows_per_second IS NOT NULL AND r.next_at <= now()
    RETURNING r.job_id
)
UPDATE rollcall.job_part p
SET state = 'running', attempts = p.attempts + 1, worker = $1, started_at = clock_timestamp(),
    lost = p.lost + CASE part.state WHEN 'running' THEN 1 ELSE 0 END,
    not_before = now() + interval '5 seconds'
FROM part JOIN rollcall.backfill_run r ON r.job_id = part.job_id
JOIN rollcall.job j ON j.id = part.job_id
WHERE p.job_id = part.job_id AND p.step = part.step AND p.number = part.number
  AND (r.max_rows_per_second IS NULL OR r.ending IS NOT NULL OR EXISTS (SELECT FROM charged))
RETURNING p.job_id, p.step, p.number, p.items, p.attempts, p.tries, p.lost, p.lower_bound,
    p.upper_bound, r.backfill, r.scope, r.arguments, r.is_dry_run, r.ending, r.digest,
    j.topic, j."partition", j."offset", j.trace_id
