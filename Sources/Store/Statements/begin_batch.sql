-- Limits for this transaction only: a pooled connection is somebody else's afterwards.
--
-- The planner is told to look rows up: a batch knows the keys of the few rows that it wants of a
-- table of any size, but the statistics of a table that grows fast say that it is small. Where it
-- has no index to do so, the plan looks so dear that each check of a foreign key would be compiled,
-- 20 ms a row: jit is off.
--
-- The first column tells one database from another: a server that was started anew, a replica that
-- took over, a copy that was restored. What was done may not be there.
SELECT pg_catalog.concat_ws('/', extract(epoch FROM pg_catalog.pg_postmaster_start_time()),
           (SELECT d.oid FROM pg_catalog.pg_database d
            WHERE d.datname = pg_catalog.current_database()),
           pg_catalog.to_regclass('rollcall.progress')::oid),
       set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
       set_config('idle_in_transaction_session_timeout', $3, true),
       set_config('application_name', $4, true),
       set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
       set_config('random_page_cost', '1.1', true),
       -- What is reported as done must be on disk, whatever is usual in this database.
       set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')
           WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
