-- Ends an import of which a part can never be read.
WITH import AS (
    UPDATE rollcall.roster_import SET is_waiting = false
    WHERE job_id = $1 AND is_waiting
    RETURNING job_id, rows_staged
), forgotten AS (
    -- Nobody knows yet which of their values are passwords.
    DELETE FROM rollcall.roster_row r USING import WHERE r.job_id = import.job_id
), event AS (
    INSERT INTO rollcall.job_event (jobs) SELECT ARRAY[job_id] FROM import WHERE $4::boolean
)
UPDATE rollcall.job j
SET state = 'failed', finished_at = clock_timestamp(), items = import.rows_staged,
    rejected = import.rows_staged, error_code = $2, error_message = $3
FROM import
WHERE j.id = import.job_id
