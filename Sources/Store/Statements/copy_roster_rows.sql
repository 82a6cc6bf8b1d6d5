COPY rollcall.roster_row (job_id, part, line, "values", is_plain, secret, code, message)
FROM STDIN (FORMAT binary)
