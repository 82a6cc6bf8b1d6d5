-- What becomes of role groups in the hands of people, random but the same for the same settings:
-- sample.seed and sample.drift, how many in a thousand of the rows are touched. Needs `sample.sql`.
INSERT INTO users_user_groups (user_id, group_id)
  SELECT 1 + sample_below('user', id, 50), id FROM auth_group
  WHERE sample_below('joined', id, 1000) < current_setting('sample.drift')::integer ORDER BY id
  ON CONFLICT DO NOTHING;

-- Projects are renamed, and groups that nobody is in are deleted.
UPDATE main_project SET name = 'New ' || id || ' ' || left(name, 60)
  WHERE sample_below('renamed', id, 4000) < current_setting('sample.drift')::integer;
CREATE TEMP TABLE gone AS SELECT id FROM auth_group g
  WHERE sample_below('group gone', id, 4000) < current_setting('sample.drift')::integer
    AND NOT EXISTS (SELECT FROM users_user_groups u WHERE u.group_id = g.id);
DELETE FROM guardian_groupobjectpermission WHERE group_id IN (SELECT id FROM gone);
DELETE FROM auth_group_permissions WHERE group_id IN (SELECT id FROM gone);
DELETE FROM auth_group WHERE id IN (SELECT id FROM gone);
DROP TABLE gone;

-- Permissions are taken from groups, and others given to them.
DELETE FROM auth_group_permissions
  WHERE sample_below('gone', id, 1000) < current_setting('sample.drift')::integer;
DELETE FROM guardian_groupobjectpermission
  WHERE sample_below('object gone', id, 1000) < current_setting('sample.drift')::integer;
INSERT INTO auth_group_permissions (group_id, permission_id)
  SELECT g.id, a.id FROM auth_group g, auth_permission a
  WHERE sample_below('more', g.id * 1000 + a.id, 1000) < current_setting('sample.drift')::integer
  ORDER BY 1, 2 ON CONFLICT DO NOTHING;

-- Object permissions: on the group's own project, on other projects, and on other things that have
-- the same number.
INSERT INTO guardian_groupobjectpermission (object_pk, content_type_id, group_id, permission_id)
  SELECT CASE sample_below('which', g.id * 1000 + a.id, 3)
      WHEN 0 THEN (g.id % 7)::text ELSE split_part(g.name, '_', 1) END, a.content_type_id, g.id, a.id
  FROM auth_group g, auth_permission a
  WHERE sample_below('object more', g.id * 1000 + a.id, 1000) < current_setting('sample.drift')::integer
  ORDER BY 3, 4 ON CONFLICT DO NOTHING;

-- Rows whose content type is not that of their permission.
UPDATE guardian_groupobjectpermission SET content_type_id = 1
  WHERE sample_below('type', id, 10000) < current_setting('sample.drift')::integer;
