-- Ends an import that still waits for parts because somebody wants it. No row if it does not wait.
WITH import AS (
    UPDATE rollcall.roster_import SET is_waiting = false
    WHERE job_id = $1 AND is_waiting
    RETURNING job_id, rows_staged
), forgotten AS (
    -- Nobody knows yet which of their values are passwords.
    DELETE FROM rollcall.roster_row r USING import WHERE r.job_id = import.job_id
), event AS (
    INSERT INTO rollcall.job_event (jobs) SELECT ARRAY[job_id] FROM import WHERE $2::boolean
)
UPDATE rollcall.job j
SET state = 'cancelled', finished_at = clock_timestamp(), items = import.rows_staged
FROM import
WHERE j.id = import.job_id
RETURNING j.id
