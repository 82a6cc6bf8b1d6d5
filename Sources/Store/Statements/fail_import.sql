-- Ends an import of which a part can never be read.
WITH import AS (
    UPDATE rollcall.roster_import SET is_waiting = false
    WHERE job_id = $1 AND is_waiting
    RETURNING job_id, rows_staged
), forgotten AS (
    UPDATE rollcall.roster_row r SET secret = NULL FROM import
    WHERE r.job_id = import.job_id AND r.secret IS NOT NULL
)
UPDATE rollcall.job j
SET state = 'failed', finished_at = clock_timestamp(), items = import.rows_staged,
    rejected = import.rows_staged, error_code = $2, error_message = $3
FROM import
WHERE j.id = import.job_id
