-- Says up to where partitions are done, and lets go of those that are given up. A worker that has lost
-- a partition writes nothing of it any more, and nobody writes into a database that is another one
-- than it was. Returns how many partitions were written.
UPDATE rollcall.progress p
SET "offset" = coalesce(s.position, p."offset"), updated_at = now(),
    worker = CASE WHEN s.is_released THEN NULL ELSE p.worker END
FROM unnest($3::text[], $4::integer[], $5::bigint[], $6::boolean[])
  AS s (topic, part, position, is_released)
WHERE p.consumer_group = $1 AND p.topic = s.topic AND p."partition" = s.part AND p.worker = $2
  AND $7 = pg_catalog.concat_ws('/', extract(epoch FROM pg_catalog.pg_postmaster_start_time()),
        (SELECT d.oid FROM pg_catalog.pg_database d
         WHERE d.datname = pg_catalog.current_database()),
        pg_catalog.to_regclass('rollcall.progress')::oid)
