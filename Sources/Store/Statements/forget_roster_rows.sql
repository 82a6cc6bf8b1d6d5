-- What was staged of an import that has been applied, but for the refused rows.
DELETE FROM rollcall.roster_row WHERE job_id = $1 AND code IS NULL
