-- Projects without role groups, random but the same for the same settings: sample.seed and
-- sample.projects. Needs `sample.sql`.
--
-- Of the permissions on projects those are there that `migrate` makes, under names of their own: all
-- of the roles' but three. Other things have permissions of the same names, and groups of other kinds
-- have permissions on projects.
INSERT INTO django_content_type (app_label, model) VALUES
  ('auth', 'group'), ('main', 'deployment'), ('main', 'project'), ('archive', 'project');

INSERT INTO auth_permission (name, content_type_id, codename)
  SELECT 'May ' || codename, c.id, codename
  FROM django_content_type c, string_to_table(
    'create_dataexport create_deployment create_device create_identification create_job '
    'create_s3storagesource create_site create_sourceimage create_sourceimagecollection '
    'create_sourceimageupload create_userprojectmembership delete_dataexport delete_deployment '
    'delete_device delete_identification delete_job delete_project delete_s3storagesource '
    'delete_site delete_sourceimage delete_sourceimagecollection delete_sourceimageupload '
    'delete_userprojectmembership populate_sourceimagecollection run_data_export_job '
    'run_data_storage_sync_job run_populate_captures_collection_job run_single_image_ml_job '
    'star_sourceimage sync_deployment test_s3storagesource update_deployment update_device '
    'update_identification update_job update_s3storagesource update_site update_sourceimage '
    'update_sourceimagecollection update_sourceimageupload update_userprojectmembership '
    'view_private_data view_project view_userprojectmembership add_project change_project',
    ' ') codename
  WHERE c.app_label = 'main' AND c.model = 'project' ORDER BY codename;
INSERT INTO auth_permission (name, content_type_id, codename)
  SELECT 'Can ' || codename, c.id, codename
  FROM django_content_type c, string_to_table('view_project import_data update_job other', ' ') codename
  WHERE c.app_label = 'archive' ORDER BY codename;
INSERT INTO auth_permission (name, content_type_id, codename)
  SELECT 'Can ' || codename, c.id, codename
  FROM django_content_type c, string_to_table('add_deployment view_deployment', ' ') codename
  WHERE c.model = 'deployment' ORDER BY codename;

INSERT INTO users_user (email)
  SELECT 'user' || n || '@example.com' FROM generate_series(1, 50) n;
-- Names are not unique, and a name may look like the beginning of a group's.
INSERT INTO main_project (name, description, created_at)
  SELECT CASE sample_below('name', n, 8)
      WHEN 0 THEN 'Moths' WHEN 1 THEN (n + 1) || '_Moths' WHEN 2 THEN 'Überwachung "Süd"'
      WHEN 3 THEN repeat('n', 80) ELSE 'Project ' || n END, '', '2026-01-01'
  FROM generate_series(1, current_setting('sample.projects')::integer) n;

INSERT INTO auth_group (name) VALUES ('Staff'), ('1_Moths_Visitor');
INSERT INTO auth_group_permissions (group_id, permission_id)
  SELECT g.id, a.id FROM auth_group g, auth_permission a
  WHERE a.codename IN ('view_project', 'other') ORDER BY 1, 2;
INSERT INTO guardian_groupobjectpermission (object_pk, content_type_id, group_id, permission_id)
  SELECT '1', a.content_type_id, g.id, a.id FROM auth_group g, auth_permission a
  WHERE a.codename = 'delete_project' ORDER BY 3, 4;
