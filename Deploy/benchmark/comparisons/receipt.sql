-- Where the Python consumers keep what became of each job.
CREATE TABLE receipt (
  id uuid PRIMARY KEY, finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  items integer NOT NULL, rejected integer NOT NULL, state text NOT NULL, target text NOT NULL);
