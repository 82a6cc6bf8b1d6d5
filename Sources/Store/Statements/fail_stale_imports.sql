-- Ends imports whose parts have stopped coming. What was staged of them goes with their jobs.
WITH stale AS (
    UPDATE rollcall.roster_import i SET is_waiting = false
    WHERE i.is_waiting AND i.touched_at < now() - $1 * interval '1 millisecond'
    RETURNING i.job_id, i.parts, i.parts_staged, i.rows_staged
), forgotten AS (
    UPDATE rollcall.roster_row r SET secret = NULL FROM stale
    WHERE r.job_id = stale.job_id AND r.secret IS NOT NULL
)
UPDATE rollcall.job j
SET state = 'failed', finished_at = clock_timestamp(), items = stale.rows_staged,
    rejected = stale.rows_staged, error_code = 'missing-parts',
    error_message = 'expected ' || stale.parts || ' parts, got ' || stale.parts_staged
        || '; missing: ' || (SELECT string_agg(CASE WHEN m.first = m.last THEN m.first::text
            ELSE m.first || ' to ' || m.last END, ', ' ORDER BY m.first)
            FROM (SELECT * FROM rollcall.missing_parts m
                  WHERE m.job_id = j.id ORDER BY m.first LIMIT 20) AS m)
FROM stale
WHERE j.id = stale.job_id
RETURNING j.id, j.relation
