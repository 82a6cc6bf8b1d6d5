-- The parts of an import in their order.
SELECT number, file, rows, lines, array_to_json(header)
FROM rollcall.roster_part
WHERE job_id = $1
ORDER BY number
