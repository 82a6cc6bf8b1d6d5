/// GitLab's tables, as its structure.sql has them; what stands around them is cut down to ids.
enum GitLabSchema {
    static let tables = """
        CREATE TABLE projects (id bigserial PRIMARY KEY);
        CREATE TABLE labels (id bigserial PRIMARY KEY, title varchar);
        CREATE TABLE merge_requests (id bigserial PRIMARY KEY, target_project_id bigint NOT NULL);
        CREATE TABLE label_links (id bigserial PRIMARY KEY,
          label_id bigint REFERENCES labels (id) ON DELETE CASCADE,
          target_id bigint, target_type varchar,
          created_at timestamp without time zone, updated_at timestamp without time zone);
        CREATE INDEX index_label_links_on_label_id_and_target_type
          ON label_links (label_id, target_type);
        CREATE INDEX index_label_links_on_target_id_and_target_type
          ON label_links (target_id, target_type);
        CREATE TABLE merge_request_diffs (id bigserial PRIMARY KEY, state varchar,
          merge_request_id bigint NOT NULL REFERENCES merge_requests (id) ON DELETE CASCADE,
          created_at timestamp without time zone, updated_at timestamp without time zone,
          base_commit_sha varchar, real_size varchar, head_commit_sha varchar,
          start_commit_sha varchar, commits_count integer, external_diff varchar,
          external_diff_store integer DEFAULT 1, stored_externally boolean, files_count smallint,
          sorted boolean DEFAULT false NOT NULL, diff_type smallint DEFAULT 1 NOT NULL,
          patch_id_sha bytea, project_id bigint REFERENCES projects (id) ON DELETE CASCADE,
          CONSTRAINT check_11c5f029ad CHECK ((project_id IS NOT NULL)),
          CONSTRAINT check_93ee616ac9 CHECK ((external_diff_store IS NOT NULL)));
        CREATE INDEX index_merge_request_diffs_on_merge_request_id_and_id
          ON merge_request_diffs (merge_request_id, id);
        CREATE UNIQUE INDEX index_merge_request_diffs_on_unique_merge_request_id
          ON merge_request_diffs (merge_request_id) WHERE diff_type = 2;
        CREATE TABLE merge_request_diff_commits (
          authored_date timestamp without time zone, committed_date timestamp without time zone,
          merge_request_diff_id bigint NOT NULL
            REFERENCES merge_request_diffs (id) ON DELETE CASCADE,
          relative_order integer NOT NULL, sha bytea NOT NULL, message text,
          trailers jsonb DEFAULT '{}'::jsonb NOT NULL, commit_author_id bigint,
          committer_id bigint, PRIMARY KEY (merge_request_diff_id, relative_order));
        CREATE INDEX index_merge_request_diff_commits_on_sha ON merge_request_diff_commits (sha);
        CREATE TABLE merge_request_diff_files (
          merge_request_diff_id bigint NOT NULL
            REFERENCES merge_request_diffs (id) ON DELETE CASCADE,
          relative_order integer NOT NULL, new_file boolean NOT NULL,
          renamed_file boolean NOT NULL, deleted_file boolean NOT NULL,
          too_large boolean NOT NULL, a_mode varchar NOT NULL, b_mode varchar NOT NULL,
          new_path text NOT NULL, old_path text NOT NULL, diff text, "binary" boolean,
          external_diff_offset integer, external_diff_size integer, generated boolean,
          encoded_file_path boolean DEFAULT false NOT NULL, project_id bigint,
          PRIMARY KEY (merge_request_diff_id, relative_order));
        CREATE TABLE merge_request_diff_commit_users (id bigserial PRIMARY KEY, name text,
          email text, organization_id bigint,
          CONSTRAINT check_147358fc42 CHECK ((char_length(name) <= 512)),
          CONSTRAINT check_f5fa206cf7 CHECK ((char_length(email) <= 512)),
          CONSTRAINT merge_request_diff_commit_users_name_or_email_existence CHECK (
            ((COALESCE(name, ''::text) <> ''::text) OR (COALESCE(email, ''::text) <> ''::text))));
        CREATE UNIQUE INDEX index_merge_request_diff_commit_users_on_name_and_email
          ON merge_request_diff_commit_users (name, email);
        CREATE UNIQUE INDEX index_merge_request_diff_commit_users_on_org_id_name_email
          ON merge_request_diff_commit_users (organization_id, name, email);

        """

    private static func surroundings(labels: Int, mergeRequests: Int) -> String {
        """
        INSERT INTO projects SELECT FROM generate_series(1, 3);
        INSERT INTO labels (title) SELECT 'l' || n FROM generate_series(1, \(labels)) n;
        INSERT INTO merge_requests (target_project_id)
          SELECT 1 FROM generate_series(1, \(mergeRequests));

        """
    }

    /// Labels 1-3 and merge requests 1-3; a label that is on one issue twice, a version and a
    /// merge-head diff with their commits and files, and who has committed.
    private static let small =
        surroundings(labels: 3, mergeRequests: 3) + """
            INSERT INTO label_links (label_id, target_id, target_type) VALUES
              (1, 1, 'Issue'), (1, 1, 'Issue'), (1, 1, 'MergeRequest'), (2, 2, 'Issue');
            INSERT INTO merge_request_diffs
              (merge_request_id, head_commit_sha, diff_type, project_id, state, updated_at) VALUES
              (1, 'aa', 1, 1, 'collected', '2026-01-01'), (1, 'ff', 2, 1, 'collected', '2026-01-01'),
              (2, 'ff', 2, 1, 'collected', '2026-01-01'), (2, 'bb', 1, 1, 'empty', '2026-01-01');
            INSERT INTO merge_request_diff_commits (merge_request_diff_id, relative_order, sha)
              SELECT d, o, '\\xaa' FROM (VALUES (1, 0), (1, 1), (2, 0), (3, 0)) AS v (d, o);
            INSERT INTO merge_request_diff_files
              (merge_request_diff_id, relative_order, new_file, renamed_file, deleted_file,
               too_large, a_mode, b_mode, new_path, old_path)
              SELECT d, 0, false, false, false, false, '100644', '100644', 'a', 'a'
              FROM (VALUES (1), (3)) AS v (d);
            INSERT INTO merge_request_diff_commit_users (organization_id, name, email) VALUES
              (1, 'Ada', 'ada@example.com'), (NULL, 'Old', 'old@example.com');

            """

    static let system = SystemDesk.System(
        name: "gitlab", tables: tables, seed: small, file: "gitlab.yaml")

    /// Enough merge requests for 5,000 items, and nothing else.
    static let large = SystemDesk.System(
        name: "gitlab-large", tables: tables, seed: surroundings(labels: 3, mergeRequests: 3),
        file: "gitlab.yaml")
}
