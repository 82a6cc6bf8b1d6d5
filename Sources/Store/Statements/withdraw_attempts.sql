-- These attempts failed, but nobody died of them.
WITH withdrawn AS (
    SELECT a.topic, a.part, a.position
    FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS a (topic, part, position)
), gone AS (
    DELETE FROM rollcall.attempt t USING withdrawn w
    WHERE t.topic = w.topic AND t."partition" = w.part AND t."offset" = w.position
      AND t.attempts = 1
)
UPDATE rollcall.attempt t SET attempts = t.attempts - 1 FROM withdrawn w
WHERE t.topic = w.topic AND t."partition" = w.part AND t."offset" = w.position AND t.attempts > 1
