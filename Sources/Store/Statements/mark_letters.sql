-- What became of the page: published, or the reason why it never will be.
UPDATE rollcall.dead_letter l
SET published_at = CASE WHEN m.refusal IS NULL THEN statement_timestamp() END,
    publish_error = m.refusal
FROM unnest($1::bigint[], $2::text[]) AS m (id, refusal)
WHERE l.id = m.id
