-- The parts of a backfill that is to end, but for those that a worker has in hand: their rows are
-- locked. Returns how the backfill stands.
WITH free AS MATERIALIZED (
    SELECT p.step, p.number FROM rollcall.job_part p
    WHERE p.job_id = $1 AND p.state IN ('pending', 'running')
    FOR UPDATE SKIP LOCKED
), closed AS (
    UPDATE rollcall.job_part p
    SET state = 'cancelled', finished_at = clock_timestamp()
    FROM free
    WHERE p.job_id = $1 AND p.step = free.step AND p.number = free.number
    RETURNING p.number
)
UPDATE rollcall.backfill_run r
SET parts_open = (SELECT count(*) FROM rollcall.job_part p
                  WHERE p.job_id = $1 AND p.state IN ('pending', 'running'))
    - (SELECT count(*) FROM closed)
WHERE r.job_id = $1 AND r.state <> 'ended'
RETURNING r.step, r.steps, r.parts_open, r.is_planning, r.ending, r.done, r.items
