-- The receipts of a batch. A job that another worker has ended meanwhile is left out of the
-- result: the caller then rolls its whole batch back. In the order of ids, so that two workers
-- with the same jobs wait for each other and never in a circle. One row more says that they have ended.
WITH event AS (
    INSERT INTO rollcall.job_event (jobs) SELECT $2::uuid[] WHERE $28::boolean
)
INSERT INTO rollcall.job (id, digest, "offset", requested_at, started_at, finished_at, "partition",
    items, created, updated, unchanged, removed, absent, superseded, rejected, attempts, dry_run,
    kind, state, relation, target, source, mode, topic, worker, trace_id, error_code, error_message,
    retry_of)
SELECT j.id, j.digest, j.position, j.requested_at, now(), clock_timestamp(), j.part,
    j.items, j.created, j.updated, j.unchanged, j.removed, j.absent, j.superseded, j.rejected,
    j.attempts, j.dry_run, j.kind, j.state, j.relation, j.target, j.source, j.mode, j.topic, $1,
    j.trace_id, j.error_code, j.error_message, j.retry_of
FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::integer[],
    $7::integer[], $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::integer[],
    $13::integer[], $14::integer[], $15::integer[], $16::boolean[], $17::text[], $18::text[],
    $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
    $26::text[], $27::uuid[])
  AS j (id, digest, position, requested_at, part, items, created, updated, unchanged, removed,
    absent, superseded, rejected, attempts, dry_run, kind, state, relation, target, source, mode,
    topic, trace_id, error_code, error_message, retry_of)
ORDER BY j.id
ON CONFLICT (id) DO NOTHING
