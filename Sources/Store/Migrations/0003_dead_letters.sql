-- Dead letters are published to their topic from what is committed here: this table is the outbox.
-- Letters that were kept before this migration are published once, too.

ALTER TABLE rollcall.dead_letter
    ADD COLUMN published_at  timestamptz,
    ADD COLUMN publish_error text;
COMMENT ON COLUMN rollcall.dead_letter.published_at IS
    'When the broker had it. A worker that dies in that moment publishes it once more.';
COMMENT ON COLUMN rollcall.dead_letter.publish_error IS
    'Why it can never be published. Set it to NULL to have it tried again.';

-- What is still to be published, in its order. It is empty but for moments and for trouble.
CREATE INDEX dead_letter_unpublished ON rollcall.dead_letter (id)
    WHERE published_at IS NULL AND publish_error IS NULL;

CREATE OR REPLACE VIEW rollcall.dead_letters AS
SELECT id, topic, "partition", "offset", key, value, headers, code, reason, at, job_id,
       published_at, publish_error
FROM rollcall.dead_letter;
