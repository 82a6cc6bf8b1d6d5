-- What a job waits for that is done in parts. Times are counted by the database's clock.
SELECT w.state, w.name, array_to_string(w.relations, E'\n'), w.messages, w.messages_here, w.missing,
    (extract(epoch FROM clock_timestamp() - w.waiting_since) * 1000)::bigint, w.behind,
    (extract(epoch FROM w.next_at - clock_timestamp()) * 1000)::bigint, w.tries, w.waits_for,
    p.step, p.number, p.attempts, p.error_code, p.error_message,
    (extract(epoch FROM p.not_before - clock_timestamp()) * 1000)::bigint,
    (SELECT count(*) FROM rollcall.job_parts q
     WHERE q.job_id = w.job_id AND q.state = 'pending' AND q.error_code IS NOT NULL)
FROM rollcall.work w
LEFT JOIN LATERAL (SELECT * FROM rollcall.job_parts p
    WHERE p.job_id = w.job_id AND p.state = 'pending' AND p.error_code IS NOT NULL
    ORDER BY p.not_before LIMIT 1) p ON true
WHERE w.job_id = $1
