-- Deletes what is left of swept imports, and what else was of use only so long: at most $2 rows of a
-- table. Of dead letters those go that somebody has dealt with longer than $1 milliseconds ago, that were
-- published where they could be, and whose message is not read again. Attempts at messages that are done
-- are of no use at once.
--
-- Returns how many rows went, of each table.
WITH swept AS MATERIALIZED (
    SELECT i.job_id FROM rollcall.roster_import i
    WHERE NOT EXISTS (SELECT FROM rollcall.job j WHERE j.id = i.job_id)
    LIMIT $2
), file_row AS MATERIALIZED (
    SELECT r.job_id, r.part, r.line FROM swept JOIN rollcall.roster_row r USING (job_id) LIMIT $2
), roster_row AS (
    DELETE FROM rollcall.roster_row r USING file_row f
    WHERE r.job_id = f.job_id AND r.part = f.part AND r.line = f.line RETURNING 1
), roster_import AS (
    -- It goes last: by it the rows of its files are found.
    DELETE FROM rollcall.roster_import i USING swept
    WHERE i.job_id = swept.job_id AND (SELECT count(*) FROM file_row) < $2 RETURNING 1
), letter AS MATERIALIZED (
    SELECT l.id FROM rollcall.dead_letter l
    WHERE l.resolved_at < now() - $1 * interval '1 millisecond'
      AND (l.published_at IS NOT NULL OR l.publish_error IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM rollcall.progress p
          WHERE p.topic = l.topic AND p."partition" = l."partition"
            AND (p."offset" IS NULL OR p."offset" <= l."offset"))
    ORDER BY l.resolved_at LIMIT $2
    FOR UPDATE SKIP LOCKED
), dead_letter AS (
    DELETE FROM rollcall.dead_letter l USING letter WHERE l.id = letter.id RETURNING 1
), untold AS MATERIALIZED (
    SELECT e.place FROM rollcall.job_event e
    WHERE e.at < now() - $1 * interval '1 millisecond'
    ORDER BY e.place LIMIT $2
    FOR UPDATE SKIP LOCKED
), job_event AS (
    DELETE FROM rollcall.job_event e USING untold WHERE e.place = untold.place RETURNING 1
), over AS MATERIALIZED (
    SELECT a.topic, a."partition", a."offset"
    FROM rollcall.attempt a
    WHERE EXISTS (
        SELECT FROM rollcall.progress p
        WHERE p.topic = a.topic AND p."partition" = a."partition")
      AND NOT EXISTS (
        SELECT FROM rollcall.progress p
        WHERE p.topic = a.topic AND p."partition" = a."partition"
          AND (p."offset" IS NULL OR p."offset" <= a."offset"))
    LIMIT $2
    FOR UPDATE SKIP LOCKED
), attempt AS (
    DELETE FROM rollcall.attempt a USING over
    WHERE a.topic = over.topic AND a."partition" = over."partition" AND a."offset" = over."offset"
    RETURNING 1
), worker AS (
    DELETE FROM rollcall.worker w
    WHERE w.heartbeat_at < now() - $1 * interval '1 millisecond' RETURNING 1
)
SELECT (SELECT count(*) FROM roster_row), (SELECT count(*) FROM roster_import),
    (SELECT count(*) FROM dead_letter), (SELECT count(*) FROM job_event),
    (SELECT count(*) FROM attempt), (SELECT count(*) FROM worker)
