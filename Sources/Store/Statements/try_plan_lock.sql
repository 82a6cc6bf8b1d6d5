SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('rollcall plan ' || $1, 0))
