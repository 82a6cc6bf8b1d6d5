-- Work that is done in parts by all workers together, and backfills.

-- A backfill may write more rows than an integer counts.
DROP VIEW rollcall.jobs;
ALTER TABLE rollcall.job
    ALTER COLUMN items TYPE bigint,
    ALTER COLUMN created TYPE bigint,
    ALTER COLUMN updated TYPE bigint,
    ALTER COLUMN removed TYPE bigint;
COMMENT ON TABLE rollcall.job IS
    'One row a job, written when it ends or, where its work is in parts, when that is planned.';

-- A slice of a job. Its rows, counts and state are written in one transaction.
CREATE TABLE rollcall.job_part (
    job_id        uuid NOT NULL,
    items         bigint NOT NULL,
    created       bigint NOT NULL DEFAULT 0,
    updated       bigint NOT NULL DEFAULT 0,
    removed       bigint NOT NULL DEFAULT 0,
    -- Nobody claims it before. Later a running part is claimed again, unless its worker holds its row.
    not_before    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    step          integer NOT NULL CHECK (step >= 1),
    number        integer NOT NULL CHECK (number >= 1),
    attempts      integer NOT NULL DEFAULT 0,
    -- How often in a row it was tried in vain, and how many workers died with it.
    tries         integer NOT NULL DEFAULT 0,
    lost          integer NOT NULL DEFAULT 0,
    state         text NOT NULL DEFAULT 'pending',
    worker        text,
    -- What it is about, from and to, both included; null for all.
    lower_bound   jsonb,
    upper_bound   jsonb,
    -- The last thing that kept it from going on.
    error_code    text,
    error_message text,
    PRIMARY KEY (job_id, step, number),
    CONSTRAINT job_part_state CHECK (state IN ('pending', 'running', 'done', 'failed', 'cancelled',
        'split'))
);
COMMENT ON COLUMN rollcall.job_part.items IS 'How many rows the plan found in it.';

-- What is still to be claimed.
CREATE INDEX job_part_open ON rollcall.job_part (job_id, step, number)
    WHERE state IN ('pending', 'running');

-- A backfill on its way, or ended. Whoever changes its parts' states or numbers changes this row in
-- the same transaction, after the parts: it is the lock by which two workers know which part was
-- the last.
CREATE TABLE rollcall.backfill_run (
    job_id              uuid PRIMARY KEY,
    place               bigint GENERATED ALWAYS AS IDENTITY,
    digest              bigint NOT NULL,
    items               bigint NOT NULL DEFAULT 0,
    done                bigint NOT NULL DEFAULT 0,
    -- How many there were when the open step began.
    done_before         bigint NOT NULL DEFAULT 0,
    created             bigint NOT NULL DEFAULT 0,
    updated             bigint NOT NULL DEFAULT 0,
    removed             bigint NOT NULL DEFAULT 0,
    -- No part is claimed before, and none planned.
    next_at             timestamptz NOT NULL DEFAULT now(),
    touched_at          timestamptz NOT NULL DEFAULT now(),
    max_rows_per_second integer,
    step                integer NOT NULL DEFAULT 1,
    steps               integer NOT NULL,
    -- The parts planned so far, those that are done, those that are neither done nor given up, and
    -- the last number given to one.
    parts               integer NOT NULL DEFAULT 0,
    parts_done          integer NOT NULL DEFAULT 0,
    parts_open          integer NOT NULL DEFAULT 0,
    last_part           integer NOT NULL DEFAULT 0,
    -- How many rows are looked at for one portion of the plan; null for as many as is usual.
    portion             integer,
    -- How often in a row it could not go on.
    tries               integer NOT NULL DEFAULT 0,
    is_dry_run          boolean NOT NULL,
    is_forced           boolean NOT NULL,
    is_gated            boolean NOT NULL,
    -- The open step has rows behind `planned_to` that are in no part yet.
    is_planning         boolean NOT NULL DEFAULT true,
    state               text NOT NULL,
    backfill            text NOT NULL,
    scope               text NOT NULL,
    arguments           jsonb NOT NULL,
    planned_to          jsonb,
    -- What keeps it from going on, for people.
    waits_for           text,
    -- It is to end so when the parts that are running have ended.
    ending              text,
    error_code          text,
    error_message       text,
    CONSTRAINT backfill_run_state CHECK (state IN ('waiting', 'active', 'ended')),
    CONSTRAINT backfill_run_ending CHECK (ending IN ('failed', 'cancelled'))
);

-- Never two at once.
CREATE UNIQUE INDEX backfill_run_active ON rollcall.backfill_run (backfill, scope)
    WHERE state = 'active';
CREATE INDEX backfill_run_open ON rollcall.backfill_run (place) WHERE state <> 'ended';

-- The definitions that were last finished.
CREATE TABLE rollcall.backfill_version (
    backfill    text NOT NULL,
    scope       text NOT NULL,
    digest      bigint NOT NULL,
    job_id      uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (backfill, scope)
);

-- What people have paused.
CREATE TABLE rollcall.control (
    subject   text NOT NULL,
    name      text NOT NULL,
    paused_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, name),
    CONSTRAINT control_subject CHECK (subject IN ('job', 'backfill', 'kind'))
);

CREATE VIEW rollcall.jobs AS
SELECT j.id, j.kind, j.state, j.relation, j.target, j.source, j.mode, j.dry_run, j.skipped,
       coalesce(r.created + r.updated + r.removed, j.items) AS items,
       coalesce(r.created, j.created) AS created, coalesce(r.updated, j.updated) AS updated,
       j.unchanged, coalesce(r.removed, j.removed) AS removed, j.absent, j.superseded, j.rejected,
       j.attempts,
       (SELECT count(*) FROM rollcall.job_duplicate d WHERE d.job_id = j.id) AS duplicates,
       j.error_code, j.error_message, j.requested_at, j.started_at, j.finished_at,
       j.worker, j.topic, j."partition", j."offset", j.trace_id,
       r.items AS rows_planned, r.done AS rows_done, r.parts, r.parts_done,
       CASE r.ending WHEN 'failed' THEN (SELECT count(*) FROM rollcall.job_part p
            WHERE p.job_id = j.id AND p.state = 'failed') ELSE 0 END AS parts_failed,
       r.step, r.steps, r.done_before AS rows_done_before,
       r.is_planning AND r.state = 'active' AS planning,
       EXISTS (SELECT FROM rollcall.control c
               WHERE r.state <> 'ended' AND ((c.subject = 'job' AND c.name = j.id::text)
                   OR (c.subject = 'backfill' AND c.name = r.backfill)
                   OR (c.subject = 'kind' AND c.name = 'backfill'))) AS paused,
       r.ending = 'cancelled' AND r.state <> 'ended' AS cancelling,
       CASE WHEN r.state = 'active' THEN r.waits_for
            WHEN r.state = 'waiting' THEN 'job ' || coalesce(
                (SELECT a.job_id::text FROM rollcall.backfill_run a
                 WHERE a.state = 'active' AND a.backfill = r.backfill AND a.scope = r.scope),
                'of the same backfill and scope') END AS waits_for
FROM rollcall.job j LEFT JOIN rollcall.backfill_run r ON r.job_id = j.id;

CREATE VIEW rollcall.job_parts AS
SELECT job_id, step, number, items, created, updated, removed, state, attempts, worker,
       started_at, finished_at, lower_bound, upper_bound, error_code, error_message
FROM rollcall.job_part;
