-- Whether nobody else sweeps: one at a time for all workers. The lock goes with the transaction, so that
-- it holds through a pooler, too, and dies with whoever had it.
SELECT pg_catalog.pg_try_advisory_xact_lock(
    pg_catalog.hashtextextended('rollcall sweep ' || pg_catalog.to_regclass('rollcall.job')::oid, 0))
