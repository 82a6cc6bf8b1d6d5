"""The benchmark: what Rollcall costs beside what Postgres needs for the same rows."""
