-- Ends imports whose parts have stopped coming; not those whose topic nobody reads meanwhile.
WITH stale AS (
    UPDATE rollcall.roster_import i SET is_waiting = false
    WHERE i.is_waiting AND i.touched_at < now() - $1 * interval '1 millisecond'
      AND NOT EXISTS (SELECT FROM rollcall.control c JOIN rollcall.job k ON k.topic = c.name
                      WHERE c.subject = 'topic' AND k.id = i.job_id)
    RETURNING i.job_id, i.parts, i.parts_staged, i.rows_staged, i.missing
), forgotten AS (
    -- Nobody knows yet which of their values are passwords.
    DELETE FROM rollcall.roster_row r USING stale WHERE r.job_id = stale.job_id
), event AS (
    INSERT INTO rollcall.job_event (jobs)
    SELECT array_agg(job_id) FROM stale WHERE $2::boolean HAVING count(*) > 0
)
UPDATE rollcall.job j
SET state = 'failed', finished_at = clock_timestamp(), items = stale.rows_staged,
    rejected = stale.rows_staged, error_code = 'missing-parts',
    error_message = 'expected ' || stale.parts || ' parts, got ' || stale.parts_staged
        || coalesce('; missing: ' || stale.missing, '')
FROM stale
WHERE j.id = stale.job_id
RETURNING j.id, j.relation
