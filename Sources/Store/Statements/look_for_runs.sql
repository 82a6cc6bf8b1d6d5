-- The backfills on their way, and what this worker may do for each: nothing where it knows another
-- definition than the one that was asked for, but to say so when nobody else has gone on with it for a
-- while. Those that have had nothing for the longest time come first.
WITH queue AS (
    -- Of those for one scope the first alone has something to do.
    SELECT r.*, row_number() OVER (PARTITION BY r.backfill, r.scope
        ORDER BY r.state <> 'active', r.place) AS turn
    FROM rollcall.backfill_run r
    WHERE r.state <> 'ended'
)
SELECT r.job_id, r.backfill,
    is_known AND may_begin,
    is_known AND r.state = 'active' AND r.is_planning AND NOT is_paused AND r.ending IS NULL
        AND r.next_at <= now(),
    is_known AND r.state = 'active' AND r.parts_open > 0
        AND (r.ending IS NOT NULL OR NOT is_paused AND r.next_at <= now()),
    CASE WHEN is_known AND r.state = 'active' AND NOT is_paused AND r.next_at > now()
        THEN ceil(extract(epoch FROM r.next_at - now()) * 1000)::bigint END,
    NOT is_known AND (NOT is_paused OR r.ending IS NOT NULL) AND NOT EXISTS (
        SELECT FROM rollcall.backfill_run o
        WHERE o.backfill = r.backfill AND o.scope = r.scope
          -- Requests that only wait are no work.
          AND (o.state <> 'waiting' OR o.job_id = r.job_id)
          AND greatest(o.touched_at, o.next_at) > now() - interval '1 minute'),
    j.topic, j."partition", j."offset", j.trace_id
FROM queue r
JOIN rollcall.job j ON j.id = r.job_id
JOIN unnest($1::text[], $2::bigint[]) AS known (backfill, digest) ON known.backfill = r.backfill
CROSS JOIN LATERAL (
    SELECT known.digest = r.digest AS is_known,
        EXISTS (SELECT FROM rollcall.control c
            WHERE (c.subject = 'job' AND c.name = r.job_id::text)
               OR (c.subject = 'backfill' AND c.name = r.backfill)
               OR (c.subject = 'kind' AND c.name = r.kind)
               OR (c.subject = 'relation' AND c.name = ANY (r.relations))) AS is_paused) control
CROSS JOIN LATERAL (SELECT r.state = 'waiting' AND NOT is_paused AS may_begin) start
WHERE r.turn = 1
ORDER BY r.touched_at
