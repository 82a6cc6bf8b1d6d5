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
), awaited AS (
    -- Parts that were in a topic could not come.
    UPDATE rollcall.roster_import i
    SET touched_at = clock_timestamp()
    FROM resumed c, rollcall.job j
    WHERE c.subject = 'topic' AND j.topic = c.name AND j.id = i.job_id AND i.is_waiting
)
SELECT FROM resumed
