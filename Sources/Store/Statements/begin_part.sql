-- Limits for this transaction only, as for a batch. The planner is left alone: a part may well be
-- most of a table. A part is not worth compiling.
SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
    set_config('idle_in_transaction_session_timeout', $3, true),
    set_config('application_name', $4, true), set_config('jit', 'off', true),
    set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')
        WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting('synchronous_commit') END, true)
