-- How far each partition is done, and which messages were in the hands of workers that died.

-- Kafka has these offsets too, for lag tools and autoscalers. Here they go back with the data when a
-- database is restored from an older copy, so that what it has forgotten is executed again. They
-- are written behind what is done and never by the transactions that execute jobs.
CREATE TABLE rollcall.progress (
    consumer_group text NOT NULL,
    topic          text NOT NULL,
    "partition"    integer NOT NULL,
    -- The next to read: all before it is done. Null: nothing is known to be done.
    "offset"       bigint,
    -- Who reads the partition; null once that worker has let it go in order.
    worker         text,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, topic, "partition")
);

-- Messages that a worker has begun after another one died with them in its hands.
CREATE TABLE rollcall.attempt (
    topic       text NOT NULL,
    "partition" integer NOT NULL,
    "offset"    bigint NOT NULL,
    attempts    integer NOT NULL CHECK (attempts >= 1),
    PRIMARY KEY (topic, "partition", "offset")
);

-- What keeps a worker from going on, for people; null while nothing does.
ALTER TABLE rollcall.worker ADD COLUMN waits_for text;

CREATE OR REPLACE VIEW rollcall.workers AS
SELECT id, host, version, state, lanes, partitions, in_flight, started_at, heartbeat_at, waits_for
FROM rollcall.worker;
