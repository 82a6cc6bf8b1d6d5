-- The oldest ended jobs whose events nobody else is publishing. Rows beyond $2 jobs are locked and left
-- for the next page; the first row always fits.
WITH free AS MATERIALIZED (
    SELECT place, jobs FROM rollcall.job_event ORDER BY place LIMIT $1 FOR UPDATE SKIP LOCKED
), page AS (
    SELECT place, jobs, sum(cardinality(jobs)) OVER (ORDER BY place) - cardinality(jobs)
        AS jobs_before
    FROM free
)
SELECT page.place, job.id
FROM page CROSS JOIN LATERAL unnest(page.jobs) WITH ORDINALITY AS job (id, number)
WHERE page.jobs_before < $2
ORDER BY page.place, job.number
