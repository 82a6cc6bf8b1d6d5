DELETE FROM rollcall.attempt t
USING unnest($1::text[], $2::integer[], $3::bigint[]) AS a (topic, part, position)
WHERE t.topic = a.topic AND t."partition" = a.part AND t."offset" = a.position
