-- What is still to be told of jobs that have ended: this table is the outbox of job events.

-- A row a transaction and not one a job: it is written by the statement that writes the jobs' rows, and
-- is gone once their events are published. Its number is no watermark: transactions commit in another
-- order than they take numbers, so that whoever remembered the last one would pass over some. A job's
-- row in turn stays as it is: to mark each as published would write all of them twice.
CREATE TABLE rollcall.job_event (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at    timestamptz NOT NULL DEFAULT now(),
    jobs  uuid[] NOT NULL
);
COMMENT ON TABLE rollcall.job_event IS 'Jobs that have ended and of which the topic of job events has '
    'not been told.';
