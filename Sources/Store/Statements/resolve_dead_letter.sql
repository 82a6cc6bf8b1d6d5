-- Somebody has dealt with a dead letter. No row if somebody else was faster.
UPDATE rollcall.dead_letter SET resolution = $2, resolved_at = now()
WHERE id = $1 AND resolved_at IS NULL
RETURNING id
