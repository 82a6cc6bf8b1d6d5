INSERT INTO rollcall.rejection (job_id, item, member, code, message)
SELECT r.job_id, r.item, r.member, r.code, r.message
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[])
  AS r (job_id, item, member, code, message)
