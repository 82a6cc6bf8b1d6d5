-- What people need who operate it.

-- A dead letter stays until somebody has dealt with it, and is swept later.
ALTER TABLE rollcall.dead_letter
    ADD COLUMN resolved_at timestamptz,
    ADD COLUMN resolution  text,
    ADD CONSTRAINT dead_letter_resolution CHECK (resolution IN ('requeued', 'discarded')
        AND resolved_at IS NOT NULL OR resolution IS NULL AND resolved_at IS NULL);
CREATE INDEX dead_letter_open ON rollcall.dead_letter (id) WHERE resolved_at IS NULL;

CREATE OR REPLACE VIEW rollcall.dead_letters AS
SELECT id, topic, "partition", "offset", key, value, headers, code, reason, at, job_id,
       published_at, publish_error, recorded_at, resolved_at, resolution
FROM rollcall.dead_letter;

-- What was done in the last minutes is looked for by its time.
CREATE INDEX job_part_finished ON rollcall.job_part (finished_at) WHERE finished_at IS NOT NULL;

CREATE OR REPLACE VIEW rollcall.job_parts AS
SELECT job_id, step, number, items, created, updated, removed, state, attempts, worker,
       started_at, finished_at, lower_bound, upper_bound, error_code, error_message, unchanged,
       absent, rejected
FROM rollcall.job_part;

-- The transactions of the last day: batches of jobs, and parts of greater ones.
CREATE VIEW rollcall.throughput AS
SELECT date_trunc('minute', t.at) AS minute, count(*) AS transactions, sum(t.jobs) AS jobs,
       sum(t.items) AS items, avg(t.seconds) AS seconds_per_transaction
FROM (
    SELECT j.started_at AS at, count(*) AS jobs,
           sum(j.created + j.updated + j.unchanged + j.removed + j.absent + j.superseded
               + j.rejected) AS items,
           extract(epoch FROM max(j.finished_at) - j.started_at) AS seconds
    FROM rollcall.job j
    WHERE j.started_at > now() - interval '1 day' AND j.finished_at IS NOT NULL
      AND j.kind IN ('assign', 'unassign')
    GROUP BY j.worker, j.started_at
    UNION ALL
    SELECT p.finished_at, 0, p.created + p.updated + p.unchanged + p.removed + p.absent
               + p.rejected,
           extract(epoch FROM p.finished_at - p.started_at)
    FROM rollcall.job_part p
    WHERE p.finished_at > now() - interval '1 day' AND p.state = 'done'
) AS t
GROUP BY 1;
