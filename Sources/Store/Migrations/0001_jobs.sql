-- Jobs, what became of their items, and the messages that could not become jobs.
-- Tables are private and may change; people and programs read the views.

-- A job's row is written once, in the transaction that writes what the job asked for, so that
-- neither can be there without the other. Columns stand in the order of their width.
CREATE TABLE rollcall.job (
    id            uuid PRIMARY KEY,
    digest        bigint NOT NULL,
    "offset"      bigint NOT NULL,
    requested_at  timestamptz NOT NULL,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    "partition"   integer NOT NULL,
    items         integer NOT NULL CHECK (items >= 0),
    created       integer NOT NULL DEFAULT 0 CHECK (created >= 0),
    updated       integer NOT NULL DEFAULT 0 CHECK (updated >= 0),
    unchanged     integer NOT NULL DEFAULT 0 CHECK (unchanged >= 0),
    removed       integer NOT NULL DEFAULT 0 CHECK (removed >= 0),
    absent        integer NOT NULL DEFAULT 0 CHECK (absent >= 0),
    superseded    integer NOT NULL DEFAULT 0 CHECK (superseded >= 0),
    rejected      integer NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    attempts      integer NOT NULL CHECK (attempts >= 1),
    dry_run       boolean NOT NULL,
    skipped       boolean NOT NULL DEFAULT false,
    kind          text NOT NULL,
    state         text NOT NULL,
    relation      text NOT NULL,
    target        text NOT NULL,
    source        text NOT NULL,
    mode          text NOT NULL,
    topic         text NOT NULL,
    worker        text NOT NULL,
    trace_id      text,
    error_code    text,
    error_message text,
    CONSTRAINT job_state CHECK (state IN ('waiting', 'running', 'succeeded',
        'succeeded_with_rejections', 'failed', 'cancelled')),
    CONSTRAINT job_items_add_up CHECK (state IN ('waiting', 'running', 'cancelled') OR items =
        created + updated + unchanged + removed + absent + superseded + rejected),
    CONSTRAINT job_finished CHECK ((finished_at IS NULL) = (state IN ('waiting', 'running'))),
    CONSTRAINT job_failed_says_why CHECK ((state = 'failed') = (error_code IS NOT NULL))
);
COMMENT ON TABLE rollcall.job IS 'One row a job, written when it ends. Read rollcall.jobs.';

-- The list of jobs is read by the newest first.
CREATE INDEX job_started_at ON rollcall.job (started_at DESC, id DESC);

-- What somebody looks for is seldom what went well; it costs nothing to write the others.
CREATE INDEX job_not_succeeded ON rollcall.job (started_at DESC, id DESC)
    WHERE state <> 'succeeded';

-- Deliveries of a job that was known already: the same id and content at another offset. A row and
-- not a counter, so that a redelivered duplicate is not counted twice.
CREATE TABLE rollcall.job_duplicate (
    job_id      uuid NOT NULL,
    "offset"    bigint NOT NULL,
    "partition" integer NOT NULL,
    topic       text NOT NULL,
    PRIMARY KEY (job_id, topic, "partition", "offset")
);

CREATE TABLE rollcall.rejection (
    job_id  uuid NOT NULL,
    item    integer NOT NULL CHECK (item >= 1),
    member  text NOT NULL,
    code    text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (job_id, item)
);
COMMENT ON TABLE rollcall.rejection IS
    'The items that were not applied; the rows kept of one job are limited, the count is not.';

CREATE TABLE rollcall.dead_letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "offset"    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    job_id      uuid,
    "partition" integer NOT NULL,
    topic       text NOT NULL,
    code        text NOT NULL,
    reason      text NOT NULL,
    headers     jsonb NOT NULL,
    key         bytea,
    value       bytea,
    -- The time tells a message from one at the same offset of a topic that was made anew.
    UNIQUE (topic, "partition", "offset", recorded_at)
);
COMMENT ON COLUMN rollcall.dead_letter.headers IS
    'In their order: {"name", "value"}, or {"name", "base64"} where the value is no text.';

CREATE TABLE rollcall.worker (
    id           text PRIMARY KEY,
    started_at   timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    lanes        integer NOT NULL,
    in_flight    integer NOT NULL,
    partitions   integer NOT NULL,
    host         text NOT NULL,
    version      text NOT NULL,
    state        text NOT NULL
);

CREATE VIEW rollcall.jobs AS
SELECT id, kind, state, relation, target, source, mode, dry_run, skipped,
       items, created, updated, unchanged, removed, absent, superseded, rejected,
       attempts,
       (SELECT count(*) FROM rollcall.job_duplicate d WHERE d.job_id = job.id) AS duplicates,
       error_code, error_message, requested_at, started_at, finished_at,
       worker, topic, "partition", "offset", trace_id
FROM rollcall.job;

CREATE VIEW rollcall.rejections AS
SELECT job_id, item, member, code, message FROM rollcall.rejection;

CREATE VIEW rollcall.dead_letters AS
SELECT id, topic, "partition", "offset", key, value, headers, code, reason, at, job_id
FROM rollcall.dead_letter;

CREATE VIEW rollcall.workers AS
SELECT id, host, version, state, lanes, partitions, in_flight, started_at, heartbeat_at
FROM rollcall.worker;
