-- What the sweep looks for beside jobs, and what lists of jobs are filtered by.

CREATE INDEX dead_letter_resolved ON rollcall.dead_letter (resolved_at)
    WHERE resolved_at IS NOT NULL;

-- One index for four columns of few values each, see select_jobs_page_of_facets.sql. New jobs come at the
-- end of their combination, so that few of its pages are written to.
CREATE INDEX job_facets ON rollcall.job (kind, relation, source, state, started_at, id);
DROP INDEX rollcall.job_not_succeeded;

-- Targets are as many as they are.
CREATE INDEX job_target ON rollcall.job (target, started_at, id);
