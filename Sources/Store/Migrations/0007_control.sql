-- What people pause, and jobs that somebody has sent once more.

-- Topics, and relations with all that is applied through them.
ALTER TABLE rollcall.control
    DROP CONSTRAINT control_subject,
    ADD CONSTRAINT control_subject
        CHECK (subject IN ('job', 'backfill', 'kind', 'relation', 'topic'));

CREATE VIEW rollcall.controls AS
SELECT subject, name, paused_at FROM rollcall.control;

-- The relations that work in parts goes through.
ALTER TABLE rollcall.backfill_run ADD COLUMN relations text[] NOT NULL DEFAULT '{}';

-- The job that it does once more.
ALTER TABLE rollcall.job ADD COLUMN retry_of uuid;
CREATE INDEX job_retry_of ON rollcall.job (retry_of) WHERE retry_of IS NOT NULL;

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
                   OR (c.subject = 'kind' AND c.name = r.kind)
                   OR (c.subject = 'relation' AND c.name = ANY (r.relations)))) AS paused,
       r.ending = 'cancelled' AND r.state <> 'ended' AS cancelling,
       CASE WHEN i.is_waiting
                THEN coalesce('part ' || i.missing, i.parts - i.parts_staged || ' parts')
                    || ' of ' || i.parts
            WHEN r.state = 'active' THEN r.waits_for
            WHEN r.state = 'waiting' THEN 'job ' || coalesce(
                (SELECT a.job_id::text FROM rollcall.backfill_run a
                 WHERE a.state = 'active' AND a.backfill = r.backfill AND a.scope = r.scope),
                'of the same ' || CASE r.kind WHEN 'backfill' THEN 'backfill and scope'
                    ELSE 'roster and target' END) END AS waits_for,
       j.retry_of
FROM rollcall.job j
LEFT JOIN rollcall.backfill_run r ON r.job_id = j.id
LEFT JOIN rollcall.roster_import i ON i.job_id = j.id;

CREATE OR REPLACE VIEW rollcall.job_parts AS
SELECT job_id, step, number, items, created, updated, removed, state, attempts, worker,
       started_at, finished_at, lower_bound, upper_bound, error_code, error_message, unchanged,
       absent, rejected, not_before, tries
FROM rollcall.job_part;

-- What jobs that are done in parts wait for, until they have ended.
CREATE VIEW rollcall.work AS
SELECT j.id AS job_id, r.state, r.backfill AS name, r.relations, r.next_at, r.tries, r.waits_for,
       i.parts AS messages, i.parts_staged AS messages_here, i.missing,
       CASE WHEN i.is_waiting THEN i.touched_at END AS waiting_since,
       CASE WHEN r.state = 'waiting' THEN
           (SELECT a.job_id FROM rollcall.backfill_run a
            WHERE a.backfill = r.backfill AND a.scope = r.scope AND a.state <> 'ended'
              AND (a.state = 'active' OR a.place < r.place)
            ORDER BY a.state = 'active' DESC, a.place LIMIT 1) END AS behind
FROM rollcall.job j
LEFT JOIN rollcall.backfill_run r ON r.job_id = j.id
LEFT JOIN rollcall.roster_import i ON i.job_id = j.id
WHERE j.finished_at IS NULL;
