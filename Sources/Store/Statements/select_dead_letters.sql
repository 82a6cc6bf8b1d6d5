-- Dead letters for people, the newest first: before $1, of a code, a topic or a job, and those that
-- somebody has dealt with only if asked for.
SELECT l.id, l.topic, l."partition", l."offset", l.at, l.code, l.reason, l.job_id,
    octet_length(l.value), l.resolution, l.resolved_at
FROM rollcall.dead_letters l
WHERE ($1::bigint IS NULL OR l.id < $1) AND ($2::text IS NULL OR l.code = $2)
  AND ($3::text IS NULL OR l.topic = $3) AND ($4::uuid IS NULL OR l.job_id = $4)
  AND ($5::boolean OR l.resolved_at IS NULL)
ORDER BY l.id DESC
LIMIT $6
