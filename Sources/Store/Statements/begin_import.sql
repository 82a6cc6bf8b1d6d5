-- Takes in the first part of an import to come: its job, which waits for the others. Nothing where a
-- part of it is here already, or where a job of the same id has ended.
WITH job AS (
    INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, "partition", items,
        attempts, dry_run, kind, state, relation, target, source, mode, topic, worker, trace_id,
        retry_of)
    VALUES ($1, $2, $3, $4, now(), $5, 0, 1, $14, 'roster-import', 'waiting', $10, $11, $6, $12,
        $7, $8, $9, $16)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
INSERT INTO rollcall.roster_import (job_id, parts, roster, arguments)
SELECT id, $13, $10, $15 FROM job
