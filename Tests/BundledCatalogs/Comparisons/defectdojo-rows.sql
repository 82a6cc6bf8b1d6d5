-- Users, groups, products and who is a member of what, random but the same for the same settings:
-- sample.seed, sample.users, sample.products, and sample.present, how many in a thousand of the pairs
-- of direct members are authorised users already. Needs `sample.sql`.
--
-- As in databases that have lived: memberships that stand twice with other roles (1 to 2 in 100),
-- groups that are large and groups that nobody is in, and global roles of users and of groups, some
-- of which name no role. 15,000 users and 17,000 products make about 954,000 pairs.
INSERT INTO dojo_role (id, name, is_owner) VALUES (1, 'API_Importer', false), (2, 'Writer', false),
  (3, 'Maintainer', false), (4, 'Owner', true), (5, 'Reader', false);

INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff,
    is_active, date_joined)
  SELECT n, '!', n > 2 AND sample_below('superuser', n, 200) = 0, 'user' || n, 'First', 'Last',
    'user' || n || '@example.com', n > 2 AND sample_below('staff', n, 100) = 0, true, '2026-01-01'
  FROM generate_series(1, current_setting('sample.users')::integer) n;

CREATE TEMP TABLE sizes AS SELECT
  current_setting('sample.users')::integer AS users,
  current_setting('sample.products')::integer AS products,
  greatest(current_setting('sample.products')::integer / 60, 3) AS types,
  greatest(current_setting('sample.users')::integer / 30, 3) AS groups;

INSERT INTO dojo_product_type (id, name)
  SELECT n, 'type ' || n FROM sizes, generate_series(1, types) n;
INSERT INTO dojo_product (id, name, prod_type_id)
  SELECT n, 'product ' || n, 1 + sample_below('type', n, types)
  FROM sizes, generate_series(1, products) n;
INSERT INTO dojo_dojo_group (id, name)
  SELECT n, 'group ' || n FROM sizes, generate_series(1, groups) n;

-- A few groups are large, many small; one in twenty is empty.
INSERT INTO dojo_dojo_group_member (group_id, role_id, user_id)
  SELECT g, 1 + sample_below('group role', m, 5), 1 + sample_below('group user', g * 1000 + m, users)
  FROM sizes, generate_series(1, groups) g, LATERAL generate_series(1,
    CASE WHEN sample_below('empty', g, 20) = 0 THEN 0
      ELSE least(1770 / (1 + sample_below('group size', g, 100)), users / 3) END) m;

-- Each product has some members of its own, and most have a group or more.
INSERT INTO dojo_product_member (role_id, product_id, user_id)
  SELECT 1 + sample_below('member role', p * 10 + m, 5), p,
    1 + sample_below('member user', p * 10 + m, users)
  FROM sizes, generate_series(1, products) p,
    LATERAL generate_series(1, sample_below('members', p, 10)) m;
INSERT INTO dojo_product_group (role_id, group_id, product_id)
  SELECT 1 + sample_below('product role', p * 10 + m, 5),
    1 + sample_below('product group', p * 10 + m, groups), p
  FROM sizes, generate_series(1, products) p,
    LATERAL generate_series(1, sample_below('product groups', p, 2)) m;
INSERT INTO dojo_product_type_member (role_id, product_type_id, user_id)
  SELECT 1 + sample_below('type role', p * 10 + m, 5), p,
    1 + sample_below('type user', p * 10 + m, users)
  FROM sizes, generate_series(1, types) p,
    LATERAL generate_series(1, sample_below('type members', p, 10)) m;
INSERT INTO dojo_product_type_group (role_id, group_id, product_type_id)
  SELECT 1 + sample_below('type group role', p * 10 + m, 5),
    1 + sample_below('type group', p * 10 + m, groups), p
  FROM sizes, generate_series(1, types) p,
    LATERAL generate_series(1, sample_below('type groups', p, 3)) m;

-- The same membership again, with another role.
INSERT INTO dojo_dojo_group_member (group_id, role_id, user_id)
  SELECT group_id, 1 + role_id % 5, user_id FROM dojo_dojo_group_member
  WHERE sample_below('group twice', id, 1000) < 15 ORDER BY id;
INSERT INTO dojo_product_member (role_id, product_id, user_id)
  SELECT 1 + role_id % 5, product_id, user_id FROM dojo_product_member
  WHERE sample_below('member twice', id, 1000) < 15 ORDER BY id;
INSERT INTO dojo_product_group (role_id, group_id, product_id)
  SELECT 1 + role_id % 5, group_id, product_id FROM dojo_product_group
  WHERE sample_below('product twice', id, 1000) < 15 ORDER BY id;
INSERT INTO dojo_product_type_member (role_id, product_type_id, user_id)
  SELECT 1 + role_id % 5, product_type_id, user_id FROM dojo_product_type_member
  WHERE sample_below('type twice', id, 1000) < 15 ORDER BY id;
INSERT INTO dojo_product_type_group (role_id, group_id, product_type_id)
  SELECT 1 + role_id % 5, group_id, product_type_id FROM dojo_product_type_group
  WHERE sample_below('type group twice', id, 1000) < 15 ORDER BY id;

-- A sixth of the global roles names no role. However small the sample, it has an owner and a writer.
INSERT INTO dojo_global_role (user_id, role_id)
  SELECT u, CASE u WHEN 1 THEN 4 WHEN 2 THEN 2
    ELSE nullif(sample_below('global user role', u, 6), 0) END
  FROM sizes, generate_series(1, users) u WHERE u <= 2 OR sample_below('global user', u, 100) = 0;
INSERT INTO dojo_global_role (group_id, role_id)
  SELECT g, nullif(sample_below('global group role', g, 6), 0)
  FROM sizes, generate_series(1, groups) g WHERE sample_below('global group', g, 40) = 0;

INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
  SELECT product_id, user_id FROM dojo_product_member
  WHERE sample_below('present', id, 1000) < current_setting('sample.present')::integer
  GROUP BY 1, 2 ORDER BY 1, 2;
INSERT INTO dojo_product_type_authorized_users (product_type_id, dojo_user_id)
  SELECT product_type_id, user_id FROM dojo_product_type_member
  WHERE sample_below('type present', id, 1000) < current_setting('sample.present')::integer
  GROUP BY 1, 2 ORDER BY 1, 2;

DROP TABLE sizes;
-- What the next user, product or group is called.
SELECT setval(pg_get_serial_sequence(name, 'id'), 1000000)
FROM unnest(ARRAY['auth_user', 'dojo_product', 'dojo_product_type', 'dojo_dojo_group']) name;
