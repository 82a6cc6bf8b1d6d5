-- Counts the attempt before it is made: a worker that dies of it can count nothing any more.
INSERT INTO rollcall.attempt (topic, "partition", "offset", attempts)
SELECT a.topic, a.part, a.position, 1
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS a (topic, part, position)
ORDER BY a.topic, a.part, a.position
ON CONFLICT (topic, "partition", "offset") DO UPDATE SET attempts = rollcall.attempt.attempts + 1
