-- Whether somebody goes on with a backfill: a part was claimed or put back in the last minute, or a
-- worker has one in hand.
WITH free AS MATERIALIZED (
    SELECT FROM rollcall.job_part p
    WHERE p.job_id = $1 AND p.state = 'running'
    FOR UPDATE SKIP LOCKED
)
SELECT EXISTS (SELECT FROM rollcall.job_part p
        WHERE p.job_id = $1 AND p.state IN ('pending', 'running')
          AND p.not_before > now() - interval '1 minute')
    OR (SELECT count(*) FROM rollcall.job_part p WHERE p.job_id = $1 AND p.state = 'running')
        > (SELECT count(*) FROM free)
