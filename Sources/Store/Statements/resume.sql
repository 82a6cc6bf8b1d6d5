-- For a minute nobody takes a backfill for abandoned that was paused.
WITH resumed AS (
    DELETE FROM rollcall.control WHERE subject = $1 AND name = $2
    RETURNING subject, name
), touched AS (
    UPDATE rollcall.backfill_run r
    SET touched_at = clock_timestamp()
    FROM resumed c
    WHERE r.state <> 'ended' AND (c.subject = 'job' AND c.name = r.job_id::text
        OR c.subject = 'backfill' AND c.name = r.backfill
        OR c.subject = 'kind' AND c.name = r.kind
        OR c.subject = 'relation' AND c.name = ANY (r.relations))
)
SELECT FROM resumed
