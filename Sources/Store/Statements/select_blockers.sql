-- Who holds the locks that a worker's transactions wait for. What the worker may not see of others
-- is null.
SELECT DISTINCT b.pid, coalesce(nullif(b.application_name, ''), b.backend_type, 'another session'),
    b.usename, b.state, extract(epoch FROM clock_timestamp() - b.xact_start)::bigint
FROM pg_catalog.pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS blocking (pid)
JOIN pg_catalog.pg_stat_activity b ON b.pid = blocking.pid
WHERE w.wait_event_type = 'Lock' AND w.application_name = left($1, 63)
  AND w.datname = pg_catalog.current_database()
ORDER BY b.pid
