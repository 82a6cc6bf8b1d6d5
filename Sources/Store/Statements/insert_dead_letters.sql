-- A message that was kept before, and is delivered again after a crash, is kept once.
INSERT INTO rollcall.dead_letter (topic, "partition", "offset", recorded_at, key, value, headers,
    code, reason, job_id)
SELECT d.topic, d.part, d.position, d.recorded_at, d.key, d.value, d.headers::jsonb, d.code,
    d.reason, d.job_id
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::timestamptz[], $5::bytea[], $6::bytea[],
    $7::text[], $8::text[], $9::text[], $10::uuid[])
  AS d (topic, part, position, recorded_at, key, value, headers, code, reason, job_id)
ON CONFLICT (topic, "partition", "offset", recorded_at) DO NOTHING
