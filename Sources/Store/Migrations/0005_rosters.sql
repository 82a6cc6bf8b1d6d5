-- Imports of files of people.

-- Work in parts has more outcomes than rows that were written.
ALTER TABLE rollcall.job_part
    ADD COLUMN unchanged bigint NOT NULL DEFAULT 0,
    ADD COLUMN absent bigint NOT NULL DEFAULT 0,
    ADD COLUMN rejected bigint NOT NULL DEFAULT 0;
ALTER TABLE rollcall.backfill_run
    ADD COLUMN unchanged bigint NOT NULL DEFAULT 0,
    ADD COLUMN absent bigint NOT NULL DEFAULT 0,
    ADD COLUMN rejected bigint NOT NULL DEFAULT 0,
    ADD COLUMN kind text NOT NULL DEFAULT 'backfill';
COMMENT ON TABLE rollcall.backfill_run IS 'Work in parts on its way, or ended: backfills and imports.';

-- An import from its first part on.
CREATE TABLE rollcall.roster_import (
    job_id       uuid PRIMARY KEY,
    touched_at   timestamptz NOT NULL DEFAULT now(),
    parts        integer NOT NULL CHECK (parts >= 1),
    parts_staged integer NOT NULL DEFAULT 0,
    rows_staged  bigint NOT NULL DEFAULT 0,
    is_waiting   boolean NOT NULL DEFAULT true,
    roster       text NOT NULL,
    -- The parts that are still to come, for people: `2, 5 to 7`; null where that would be too long.
    missing      text,
    arguments    jsonb NOT NULL
);
CREATE INDEX roster_import_waiting ON rollcall.roster_import (touched_at) WHERE is_waiting;

-- A message of an import.
CREATE TABLE rollcall.roster_part (
    job_id     uuid NOT NULL,
    digest     bigint NOT NULL,
    number     integer NOT NULL CHECK (number >= 1),
    rows       integer NOT NULL,
    lines      integer NOT NULL,
    -- How many lines of its file, and of the files before it, stand before its first one.
    lines_before integer NOT NULL DEFAULT 0,
    file_lines_before integer NOT NULL DEFAULT 0,
    file       text NOT NULL,
    -- How many fields a row has.
    width      integer,
    -- Where the roster's columns stand in its rows; null where the file lacks one.
    positions  integer[],
    -- The heads of its columns; null where the first part of its file has them.
    header     text[],
    PRIMARY KEY (job_id, number)
);

-- A row of a file as it was sent, until the import has ended; a refused one for as long as its job is
-- kept, so that it can be mended and sent again.
CREATE TABLE rollcall.roster_row (
    job_id   uuid NOT NULL,
    part     integer NOT NULL,
    -- The physical line within its part.
    line     integer NOT NULL,
    "values" text[] NOT NULL,
    -- Each value is of printable ASCII and begins and ends with none of its blanks: there is nothing
    -- to trim or to compose.
    is_plain boolean NOT NULL DEFAULT false,
    -- The password, hashed as soon as it can be and gone when the row is applied.
    secret   text,
    code     text,
    message  text,
    -- Of a dry run: what would become of it. Behind the last part stand the members that would go.
    outcome  text,
    PRIMARY KEY (job_id, part, line)
);
CREATE INDEX roster_row_refused ON rollcall.roster_row (job_id) WHERE code IS NOT NULL;

CREATE OR REPLACE VIEW rollcall.jobs AS
SELECT j.id, j.kind, j.state, j.relation, j.target, j.source, j.mode, j.dry_run, j.skipped,
       CASE WHEN j.kind = 'roster-import' AND j.finished_at IS NULL THEN greatest(i.rows_staged,
                r.created + r.updated + r.removed + r.unchanged + r.absent + r.rejected)
            ELSE coalesce(r.created + r.updated + r.removed + r.unchanged + r.absent
                + r.rejected, j.items) END AS items,
       coalesce(r.created, j.created) AS created, coalesce(r.updated, j.updated) AS updated,
       coalesce(r.unchanged::integer, j.unchanged) AS unchanged,
       coalesce(r.removed, j.removed) AS removed, coalesce(r.absent::integer, j.absent) AS absent,
       j.superseded, coalesce(r.rejected::integer, j.rejected) AS rejected,
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
                   OR (c.subject = 'kind' AND c.name = r.kind))) AS paused,
       r.ending = 'cancelled' AND r.state <> 'ended' AS cancelling,
       CASE WHEN i.is_waiting
                THEN coalesce('part ' || i.missing, i.parts - i.parts_staged || ' parts')
                    || ' of ' || i.parts
            WHEN r.state = 'active' THEN r.waits_for
            WHEN r.state = 'waiting' THEN 'job ' || coalesce(
                (SELECT a.job_id::text FROM rollcall.backfill_run a
                 WHERE a.state = 'active' AND a.backfill = r.backfill AND a.scope = r.scope),
                'of the same ' || CASE r.kind WHEN 'backfill' THEN 'backfill and scope'
                    ELSE 'roster and target' END) END AS waits_for
FROM rollcall.job j
LEFT JOIN rollcall.backfill_run r ON r.job_id = j.id
LEFT JOIN rollcall.roster_import i ON i.job_id = j.id;
