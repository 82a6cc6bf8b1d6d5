-- How often messages of these partitions were begun by workers that died.
SELECT a.topic, a."partition", a."offset", a.attempts
FROM unnest($1::text[], $2::integer[]) AS asked (topic, part)
JOIN rollcall.attempt a ON a.topic = asked.topic AND a."partition" = asked.part
