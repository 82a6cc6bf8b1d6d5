-- The backfill as somebody who knows SQL writes it by hand: set-based, one session, one transaction,
-- with what is audited first. It shows nothing until it is done and begins anew if it is stopped.
BEGIN;

UPDATE auth_user u SET is_superuser = true
FROM (
  SELECT g.user_id FROM dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
  WHERE r.name = 'Owner' AND g.user_id IS NOT NULL
  UNION
  SELECT m.user_id FROM dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
    JOIN dojo_dojo_group_member m ON m.group_id = g.group_id
  WHERE r.name = 'Owner') raised
WHERE u.id = raised.user_id AND NOT u.is_superuser;

UPDATE auth_user u SET is_staff = true
FROM (
  SELECT g.user_id FROM dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
  WHERE r.name IN ('Writer', 'Maintainer', 'API_Importer') AND g.user_id IS NOT NULL
  UNION
  SELECT m.user_id FROM dojo_global_role g JOIN dojo_role r ON r.id = g.role_id
    JOIN dojo_dojo_group_member m ON m.group_id = g.group_id
  WHERE r.name IN ('Writer', 'Maintainer', 'API_Importer')) raised
WHERE u.id = raised.user_id AND NOT u.is_staff;

INSERT INTO dojo_product_authorized_users (product_id, dojo_user_id)
SELECT product_id, user_id FROM dojo_product_member
UNION
SELECT p.product_id, m.user_id
FROM dojo_product_group p JOIN dojo_dojo_group_member m ON m.group_id = p.group_id
ON CONFLICT DO NOTHING;

INSERT INTO dojo_product_type_authorized_users (product_type_id, dojo_user_id)
SELECT product_type_id, user_id FROM dojo_product_type_member
UNION
SELECT t.product_type_id, m.user_id
FROM dojo_product_type_group t JOIN dojo_dojo_group_member m ON m.group_id = t.group_id
ON CONFLICT DO NOTHING;

COMMIT;
