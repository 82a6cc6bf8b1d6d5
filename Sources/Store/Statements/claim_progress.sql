-- Takes partitions over and says what is remembered of them: the main query sees the rows as they
-- were before. The last column tells one database from another, see begin_batch.
WITH asked AS (
    SELECT a.topic, a.part FROM unnest($3::text[], $4::integer[]) AS a (topic, part)
), claimed AS (
    INSERT INTO rollcall.progress (consumer_group, topic, "partition", worker)
    SELECT $1, a.topic, a.part, $2 FROM asked a ORDER BY a.topic, a.part
    ON CONFLICT (consumer_group, topic, "partition")
    DO UPDATE SET worker = excluded.worker, updated_at = now()
    WHERE rollcall.progress.worker IS DISTINCT FROM excluded.worker
)
SELECT a.topic, a.part, p."offset", p.worker,
    pg_catalog.concat_ws('/', extract(epoch FROM pg_catalog.pg_postmaster_start_time()),
        (SELECT d.oid FROM pg_catalog.pg_database d
         WHERE d.datname = pg_catalog.current_database()),
        pg_catalog.to_regclass('rollcall.progress')::oid)
FROM asked a
LEFT JOIN rollcall.progress p
  ON p.consumer_group = $1 AND p.topic = a.topic AND p."partition" = a.part
