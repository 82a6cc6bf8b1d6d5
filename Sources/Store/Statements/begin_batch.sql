-- Limits for this transaction only: a pooled connection is somebody else's afterwards.
--
-- The planner is told to look rows up: a batch knows the keys of the few rows that it wants of a
-- table of any size, but the statistics of a table that grows fast say that it is small.
SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
       set_config('idle_in_transaction_session_timeout', $3, true),
       set_config('application_name', $4, true),
       set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '1.1', true)
