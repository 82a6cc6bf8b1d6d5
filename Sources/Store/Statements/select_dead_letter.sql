-- A dead letter with its bytes.
SELECT l.id, l.topic, l."partition", l."offset", l.at, l.code, l.reason, l.job_id,
    octet_length(l.value), l.resolution, l.resolved_at, l.key, l.value, l.headers, l.recorded_at
FROM rollcall.dead_letters l
WHERE l.id = $1
