-- The roster as somebody who knows SQL imports it by hand: the file, which psql reads from its standard
-- input, and two statements.
BEGIN;
CREATE TEMP TABLE people (username text, full_name text, role text) ON COMMIT DROP;
\copy people FROM pstdin WITH (FORMAT csv, HEADER)

INSERT INTO school.users AS u (username, full_name)
SELECT username, full_name FROM people
ON CONFLICT (username) DO UPDATE SET full_name = excluded.full_name
WHERE u.full_name IS DISTINCT FROM excluded.full_name;

INSERT INTO school.enrollment AS e (id, course_id, user_id, role)
SELECT left(encode(sha256(convert_to(42 || '::' || u.id, 'UTF8')), 'hex'), 32), 42, u.id, p.role
FROM people p JOIN school.users u ON u.username = p.username
ON CONFLICT (course_id, user_id) DO UPDATE SET role = excluded.role
WHERE e.role IS DISTINCT FROM excluded.role;
COMMIT;
