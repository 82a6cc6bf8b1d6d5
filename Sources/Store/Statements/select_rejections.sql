-- The first rejected items of each job, as many as are asked for (null: all that are kept).
SELECT r.job_id, r.item, r.member, r.code, r.message
FROM unnest($1::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT k.job_id, k.item, k.member, k.code, k.message FROM rollcall.rejections k
    WHERE k.job_id = asked.id ORDER BY k.item LIMIT $2) r
ORDER BY r.job_id, r.item
