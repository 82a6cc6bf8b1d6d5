INSERT INTO rollcall.worker (id, started_at, heartbeat_at, lanes, in_flight, partitions, host,
    version, state, waits_for)
VALUES ($1, now(), now(), $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = now(), lanes = excluded.lanes,
    in_flight = excluded.in_flight, partitions = excluded.partitions, state = excluded.state,
    waits_for = excluded.waits_for
