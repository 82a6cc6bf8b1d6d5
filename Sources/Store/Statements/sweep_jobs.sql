-- Deletes the oldest jobs that ended longer than $1 milliseconds ago, each with all that is kept of it:
-- of the first $4 from the place ($2, $3) on, as many as have about $4 rows together. A job stays whose
-- message may still be read again, because its partition is not known to be done up to there; so does one
-- whose work is not over. Where somebody holds a job's row it is passed over. Rows of files that an import
-- leaves behind are not deleted here, they may be many.
--
-- Returns the place up to which all is done, null behind the last job, and how many rows went.
WITH candidate AS MATERIALIZED (
    SELECT j.id, j.started_at, j.finished_at, j.topic, j."partition", j."offset", j.rejected
    FROM rollcall.job j
    WHERE j.started_at < now() - $1 * interval '1 millisecond'
      AND ($2::text IS NULL OR (j.started_at, j.id) > ($2::timestamptz, $3::uuid))
    ORDER BY j.started_at, j.id
    LIMIT $4
), old AS (
    SELECT c.id, c.started_at,
        sum(1 + c.rejected + coalesce(r.parts, 0)) OVER (ORDER BY c.started_at, c.id)
            - (1 + c.rejected + coalesce(r.parts, 0)) AS rows_before
    FROM candidate c
    LEFT JOIN rollcall.backfill_run r ON r.job_id = c.id
    WHERE c.finished_at < now() - $1 * interval '1 millisecond'
      AND coalesce(r.state, 'ended') = 'ended'
      AND NOT EXISTS (
          SELECT FROM rollcall.progress p
          WHERE p.topic = c.topic AND p."partition" = c."partition"
            AND (p."offset" IS NULL OR p."offset" <= c."offset"))
), held AS MATERIALIZED (
    SELECT j.id FROM rollcall.job j
    WHERE j.id IN (SELECT o.id FROM old o WHERE o.rows_before < $4)
    FOR UPDATE SKIP LOCKED
), job AS (
    DELETE FROM rollcall.job j USING held WHERE j.id = held.id RETURNING j.id
), rejection AS (
    DELETE FROM rollcall.rejection x USING job WHERE x.job_id = job.id RETURNING 1
), job_duplicate AS (
    DELETE FROM rollcall.job_duplicate x USING job WHERE x.job_id = job.id RETURNING 1
), job_part AS (
    DELETE FROM rollcall.job_part x USING job WHERE x.job_id = job.id RETURNING 1
), backfill_run AS (
    DELETE FROM rollcall.backfill_run x USING job WHERE x.job_id = job.id RETURNING 1
), roster_part AS (
    DELETE FROM rollcall.roster_part x USING job WHERE x.job_id = job.id RETURNING 1
), control AS (
    DELETE FROM rollcall.control x USING job
    WHERE x.subject = 'job' AND x.name = job.id::text RETURNING 1
), done AS (
    -- The first one that did not fit is looked at again.
    SELECT c.started_at, c.id FROM candidate c
    WHERE (c.started_at, c.id) < ALL (
        SELECT o.started_at, o.id FROM old o WHERE o.rows_before >= $4)
    ORDER BY c.started_at DESC, c.id DESC LIMIT 1
)
SELECT (SELECT d.started_at::text FROM done d), (SELECT d.id FROM done d),
    (SELECT count(*) FROM candidate) < $4
        AND NOT EXISTS (SELECT FROM old o WHERE o.rows_before >= $4),
    (SELECT count(*) FROM job), (SELECT count(*) FROM rejection),
    (SELECT count(*) FROM job_duplicate), (SELECT count(*) FROM job_part),
    (SELECT count(*) FROM backfill_run), (SELECT count(*) FROM roster_part),
    (SELECT count(*) FROM control)
