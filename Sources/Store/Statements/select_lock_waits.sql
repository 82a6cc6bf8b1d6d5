-- The locks that workers wait for, and who holds them. What the reader may not see of others is null.
SELECT w.application_name, l.name,
    left(btrim(regexp_replace(regexp_replace(w.query, '--[^\n]*\n', '', 'g'), '\s+', ' ', 'g')), 60),
    (extract(epoch FROM clock_timestamp() - w.query_start) * 1000)::bigint,
    b.pid, coalesce(nullif(b.application_name, ''), b.backend_type, 'another session'), b.usename,
    b.state, (extract(epoch FROM clock_timestamp() - b.xact_start) * 1000)::bigint
FROM pg_catalog.pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS blocking (pid)
JOIN pg_catalog.pg_stat_activity b ON b.pid = blocking.pid
LEFT JOIN LATERAL (SELECT k.relation::regclass::text AS name FROM pg_catalog.pg_locks k
    WHERE k.pid = w.pid AND k.relation IS NOT NULL AND k.locktype IN ('relation', 'tuple')
      AND (NOT k.granted OR k.locktype = 'tuple')
    ORDER BY k.granted LIMIT 1) l ON true
WHERE w.wait_event_type = 'Lock' AND w.application_name LIKE 'rollcall/%'
  AND w.datname = pg_catalog.current_database()
  -- Workers that wait for each other are in nobody's way.
  AND b.application_name NOT LIKE 'rollcall/%'
ORDER BY w.query_start, b.pid
LIMIT 20
