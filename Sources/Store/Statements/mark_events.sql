-- What is told is forgotten, rows $1 wholly; of the others the jobs stay that are still to be told.
WITH kept AS (
    SELECT k.place, array_agg(k.id) AS jobs
    FROM unnest($2::bigint[], $3::uuid[]) AS k (place, id)
    GROUP BY k.place
), shortened AS (
    UPDATE rollcall.job_event e SET jobs = kept.jobs FROM kept WHERE e.place = kept.place
)
DELETE FROM rollcall.job_event e WHERE e.place = ANY ($1::bigint[])
