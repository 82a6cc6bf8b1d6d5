COPY rollcall.roster_row (job_id, part, line, "values", secret, code, message)
FROM STDIN (FORMAT binary)
