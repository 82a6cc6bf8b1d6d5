import Postgres

/// Antenna's roles, each with what it may do.
enum AntennaRoles {
    private static let member: Set = [
        "create_job", "run_single_image_ml_job", "star_sourceimage", "view_private_data",
        "view_project", "view_userprojectmembership",
    ]
    private static let researcher: Set = ["create_dataexport", "delete_dataexport"]
    private static let identifier: Set = [
        "create_identification", "delete_identification", "update_identification",
    ]
    private static let dataManager: Set = [
        "delete_job", "delete_occurrences", "run_data_export_job", "run_data_storage_sync_job",
        "run_populate_captures_collection_job", "update_job",
    ]
    /// What can be created, deleted and updated by nobody else.
    private static let things = [
        "deployment", "device", "s3storagesource", "site", "sourceimage", "sourceimagecollection",
        "sourceimageupload", "userprojectmembership",
    ]
    private static let manager: Set = [
        "delete_project", "import_data", "populate_sourceimagecollection", "sync_deployment",
        "test_s3storagesource", "update_project",
    ]

    static let all: [String: Set<String>] = [
        "BasicMember": member,
        "Researcher": member.union(researcher),
        "Identifier": member.union(identifier),
        "MLDataManager": member.union(dataManager),
        "ProjectManager": member.union(researcher).union(identifier).union(dataManager)
            .union(manager)
            .union(
                ["create", "delete", "update"].flatMap { verb in things.map { "\(verb)_\($0)" } }),
    ]

    /// What Antenna's own code computes for these roles.
    static let version = "f6df5fd128ece4bd"
}

/// What stands in a database of Antenna's, in names: ids are a matter of sequences.
struct AntennaState: Equatable {
    /// Projects with the beginning of their groups' names.
    private(set) var projects: [Int: String] = [:]
    /// The groups, with their rows' ids and the transactions that wrote them.
    private(set) var groups: [String: String] = [:]
    /// The names of the permissions.
    private(set) var permissions: [String: String] = [:]
    /// `group permission`.
    private(set) var grants: [String: String] = [:]
    /// `group permission object content-type`.
    private(set) var objectGrants: [String: String] = [:]
    private(set) var members: [String] = []
    private(set) var sequences: [String] = []

    init(_ desk: SystemDesk) throws {
        func pairs(_ sql: String) throws -> [String: String] {
            let rows = try desk.connection.execute(sql)
            return (0..<rows.count).reduce(into: [:]) {
                $0[rows.string($1, 0)] = rows.string($1, 1)
            }
        }
        for (id, name) in try pairs("SELECT id, id || '_' || name FROM main_project") {
            projects[Int(id) ?? 0] = name
        }
        groups = try pairs("SELECT name, id || ' ' || xmin FROM auth_group")
        let permission = "c.app_label || '.' || c.model || '.' || a.codename"
        permissions = try pairs(
            """
            SELECT \(permission), a.id || ' ' || a.xmin || ' ' || a.name
            FROM auth_permission a JOIN django_content_type c ON c.id = a.content_type_id
            """)
        let joins = """
            JOIN auth_group g ON g.id = o.group_id JOIN auth_permission a ON a.id = o.permission_id
            JOIN django_content_type c ON c.id = a.content_type_id
            """
        grants = try pairs(
            """
            SELECT g.name || E'\\t' || \(permission), o.id || ' ' || o.xmin
            FROM auth_group_permissions o \(joins)
            """)
        objectGrants = try pairs(
            """
            SELECT concat_ws(E'\\t', g.name, \(permission), o.object_pk, t.app_label || '.' || t.model),
              o.id || ' ' || o.xmin
            FROM guardian_groupobjectpermission o \(joins)
            JOIN django_content_type t ON t.id = o.content_type_id
            """)
        members = try desk.rows(
            "SELECT id, user_id, group_id, xmin FROM users_user_groups ORDER BY 1")
        sequences = try desk.rows(
            """
            SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1
            """)
    }

    /// The same with a permission as it is in another state.
    func withPermission(_ name: String, of other: AntennaState) -> AntennaState {
        var state = self
        state.permissions[name] = other.permissions[name]
        return state
    }

    /// What one run makes of it, a project and a role after the other.
    func expected(_ isInScope: (Int) -> Bool = { _ in true }) -> (
        groups: Set<String>, grants: Set<String>, objectGrants: Set<String>,
        permissions: Set<String>
    ) {
        var groups = Set(self.groups.keys)
        var grants = Dictionary(grouping: self.grants.keys, by: Self.group).mapValues { Set($0) }
        var objectGrants = Dictionary(grouping: self.objectGrants.keys, by: Self.group)
            .mapValues { Set($0) }
        var permissions = Set(self.permissions.keys)
        for codename in AntennaRoles.all["ProjectManager"] ?? [] {
            permissions.insert("main.project.\(codename)")
        }
        for (id, name) in projects where isInScope(id) {
            for (role, codenames) in AntennaRoles.all {
                let group = "\(name)_\(role)"
                groups.insert(group)
                let wanted = Set(codenames.map { "main.project.\($0)" })
                grants[group] = Set(wanted.map { "\(group)\t\($0)" })
                let others = objectGrants[group, default: []].filter { row in
                    let fields = row.split(separator: "\t").map(String.init)
                    guard fields[2] == "\(id)" else { return true }
                    // A row of another content type stays, unless it stands in a role's place.
                    return fields[3] != "main.project" && !wanted.contains(fields[1])
                }
                objectGrants[group] = others.union(
                    wanted.map { "\(group)\t\($0)\t\(id)\tmain.project" })
            }
        }
        return (
            groups, Set(grants.values.joined()), Set(objectGrants.values.joined()), permissions
        )
    }

    private static func group(_ row: String) -> String {
        String(row.prefix { $0 != "\t" })
    }

    /// What is not as a run should have left it.
    func faults(
        after: AntennaState, _ isInScope: (Int) -> Bool = { _ in true }
    ) -> [String] {
        let expected = expected(isInScope)
        var faults: [String] = []
        func compare(
            _ what: String, _ before: [String: String], _ after: [String: String],
            _ expected: Set<String>
        ) {
            for row in expected.subtracting(after.keys).sorted() {
                faults.append("no \(what) \(row)")
            }
            for row in Set(after.keys).subtracting(expected).sorted() {
                faults.append("unexpected \(what) \(row)")
            }
            for (row, stamp) in before where expected.contains(row) && after[row] != stamp {
                faults.append("\(what) \(row) was written, and nothing changed")
            }
        }
        compare("group", groups, after.groups, expected.groups)
        compare("permission", permissions, after.permissions, expected.permissions)
        compare("grant", grants, after.grants, expected.grants)
        compare("object grant", objectGrants, after.objectGrants, expected.objectGrants)
        for (permission, row) in after.permissions where permissions[permission] == nil {
            let codename = permission.split(separator: ".").last ?? ""
            let name = "Can \(codename.replacing("_", with: " "))"
            if !row.hasSuffix(" \(name)") { faults.append("expected the name \(name), got \(row)") }
        }
        if members != after.members { faults.append("members were written") }
        return faults
    }
}
