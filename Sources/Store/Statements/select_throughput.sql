-- How much was done in each of $2 stretches of $1 milliseconds, the last of which is now. A batch is
-- the jobs of a worker that have one beginning: that of their transaction.
WITH transaction AS (
    SELECT j.started_at AS at, count(*) AS jobs,
        sum(j.created + j.updated + j.unchanged + j.removed + j.absent + j.superseded + j.rejected)
            AS items,
        extract(epoch FROM max(j.finished_at) - j.started_at) * 1000 AS took
    FROM rollcall.jobs j
    WHERE j.started_at > now() - $1 * $2 * interval '1 millisecond' AND j.finished_at IS NOT NULL
      AND j.kind IN ('assign', 'unassign')
    GROUP BY j.worker, j.started_at
    UNION ALL
    SELECT p.finished_at, 0, p.created + p.updated + p.unchanged + p.removed + p.absent + p.rejected,
        extract(epoch FROM p.finished_at - p.started_at) * 1000
    FROM rollcall.job_parts p
    WHERE p.finished_at > now() - $1 * $2 * interval '1 millisecond' AND p.state = 'done'
), stretch AS (
    SELECT $2 - 1 - floor(extract(epoch FROM now() - t.at) * 1000 / $1)::integer AS n, t.*
    FROM transaction t
)
SELECT n, count(*), sum(jobs)::bigint, sum(items)::bigint, count(*) FILTER (WHERE jobs > 0),
    avg(took)::float8
FROM stretch
WHERE n BETWEEN 0 AND $2 - 1
GROUP BY n
ORDER BY n
