-- How many jobs, workers alive and items a second there are, and which workers cannot go on, at a cost that does not grow with the
-- table: jobs are counted up to $1, beyond that the planner's density of rows is taken times the
-- table's present size, and the rate comes from at most $2 of the last minute's jobs.
SELECT
    (SELECT count(*) FROM (SELECT FROM rollcall.jobs LIMIT $1) counted),
    (SELECT CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN
            (c.reltuples::float8 / c.relpages * (pg_catalog.pg_relation_size(c.oid)
                / current_setting('block_size')::integer))::bigint END
        FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass('rollcall.job')),
    (SELECT count(*) FROM rollcall.workers w WHERE w.heartbeat_at > now() - interval '30 seconds'),
    (SELECT coalesce(sum(recent.done), 0)::float8 / CASE WHEN count(*) < $2 THEN 60
            ELSE greatest(0.001, extract(epoch FROM now() - min(recent.started_at))) END
        FROM (SELECT j.started_at, j.created::bigint + j.updated + j.unchanged + j.removed
                  + j.absent + j.superseded + j.rejected AS done
              FROM rollcall.jobs j WHERE j.started_at > now() - interval '1 minute'
              ORDER BY j.started_at DESC LIMIT $2) recent),
    (SELECT string_agg(w.id || ' waits for ' || translate(w.waits_for, E'\n', ' '), E'\n' ORDER BY w.id)
        FROM rollcall.workers w
        WHERE w.waits_for IS NOT NULL AND w.heartbeat_at > now() - interval '30 seconds')
