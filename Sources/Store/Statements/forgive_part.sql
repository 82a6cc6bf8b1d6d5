-- Takes back that a worker was taken for dead with a part whose connection alone was cut. Returns
-- false while another one has the part in hand: then it is to be said again later.
WITH open AS MATERIALIZED (
    SELECT p.job_id, p.step, p.number FROM rollcall.job_part p
    WHERE p.job_id = $1 AND p.step = $2 AND p.number = $3 AND p.state IN ('pending', 'running')
), free AS MATERIALIZED (
    SELECT p.number FROM open JOIN rollcall.job_part p USING (job_id, step, number)
    FOR UPDATE OF p SKIP LOCKED
), forgiven AS (
    UPDATE rollcall.job_part p
    SET lost = greatest(p.lost - 1, 0)
    FROM free
    WHERE p.job_id = $1 AND p.step = $2 AND p.number = $3
)
SELECT (SELECT count(*) FROM open) = (SELECT count(*) FROM free)
