-- The delivery that executed the job is no duplicate, however often Kafka sends it again.
INSERT INTO rollcall.job_duplicate (job_id, topic, "partition", "offset")
SELECT d.job_id, d.topic, d.part, d.position
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[])
  AS d (job_id, topic, part, position)
WHERE NOT EXISTS (
    SELECT 1 FROM rollcall.job j
    WHERE j.id = d.job_id AND j.topic = d.topic AND j."partition" = d.part
      AND j."offset" = d.position)
ON CONFLICT DO NOTHING
