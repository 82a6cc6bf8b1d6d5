-- Limits for this transaction only: a pooled connection is somebody else's afterwards.
SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
       set_config('idle_in_transaction_session_timeout', $3, true),
       set_config('application_name', $4, true)
