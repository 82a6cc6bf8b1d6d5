-- How often a job has been done once more and that has ended, and the numbers of its rejected items.
SELECT (SELECT count(*) FROM rollcall.jobs r WHERE r.retry_of = $1 AND r.finished_at IS NOT NULL),
    (SELECT array_to_string(array_agg(x.item ORDER BY x.item), ' ')
     FROM rollcall.rejections x WHERE x.job_id = $1)
