-- Which of these jobs have ended already. Only jobs that ended have a row here; two workers that
-- execute one job at the same time are told apart by insert_jobs.
SELECT id, digest FROM rollcall.job WHERE id = ANY ($1::uuid[])
