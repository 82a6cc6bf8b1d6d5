-- Also forgets workers that have been silent for a day: their containers are gone.
DELETE FROM rollcall.worker WHERE id = $1 OR heartbeat_at < now() - interval '1 day'
