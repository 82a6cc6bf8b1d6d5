-- The workers, those that were silent the longest last.
SELECT w.id, w.host, w.version, w.state, w.lanes, w.partitions, w.in_flight,
    (extract(epoch FROM now() - w.started_at) * 1000)::bigint,
    (extract(epoch FROM now() - w.heartbeat_at) * 1000)::bigint, w.waits_for
FROM rollcall.workers w
ORDER BY w.heartbeat_at < now() - interval '30 seconds', w.id
