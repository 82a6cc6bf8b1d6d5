-- A page of the outbox in its order. What another worker is publishing is skipped; what does not
-- fit into the bytes is locked and left for the next page. The first row always fits.
WITH free AS MATERIALIZED (
    SELECT id, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)
        + octet_length(headers::text) AS bytes
    FROM rollcall.dead_letter
    WHERE published_at IS NULL AND publish_error IS NULL
    ORDER BY id
    LIMIT $1
    FOR UPDATE SKIP LOCKED
), page AS (
    SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before FROM free
)
SELECT l.id, l.topic, l."partition", l."offset", l.recorded_at, l.key, l.value, l.headers, l.code,
    l.reason, l.job_id
FROM page JOIN rollcall.dead_letter l USING (id)
WHERE page.bytes_before < $2
ORDER BY l.id
