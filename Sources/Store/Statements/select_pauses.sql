-- What is paused, those first that are paused for the longest time; jobs that have ended are not.
SELECT c.subject, c.name, c.paused_at, clock_timestamp()
FROM rollcall.controls c
WHERE CASE WHEN c.subject = 'job' THEN EXISTS (SELECT FROM rollcall.jobs j
        WHERE j.id = c.name::uuid AND j.finished_at IS NULL) ELSE true END
ORDER BY c.paused_at, c.subject, c.name
