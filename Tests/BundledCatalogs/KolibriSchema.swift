import Jobs
import Postgres
import Sandbox

/// Kolibri's tables, as its migrations make them on Postgres, without the columns that roles and
/// memberships have nothing to do with.
enum KolibriSchema {
    static let tables = """
        CREATE TABLE kolibriauth_facilitydataset (id uuid PRIMARY KEY);
        CREATE TABLE kolibriauth_collection (
            id uuid PRIMARY KEY,
            _morango_dirty_bit boolean NOT NULL,
            _morango_source_id varchar(96) NOT NULL,
            _morango_partition varchar(128) NOT NULL,
            name varchar(100) NOT NULL,
            kind varchar(20) NOT NULL,
            dataset_id uuid NOT NULL
                REFERENCES kolibriauth_facilitydataset DEFERRABLE INITIALLY DEFERRED,
            parent_id uuid REFERENCES kolibriauth_collection DEFERRABLE INITIALLY DEFERRED);
        CREATE INDEX ON kolibriauth_collection (dataset_id);
        CREATE INDEX ON kolibriauth_collection (parent_id);
        CREATE TABLE kolibriauth_facilityuser (
            password varchar(128) NOT NULL,
            last_login timestamptz,
            id uuid PRIMARY KEY,
            _morango_dirty_bit boolean NOT NULL,
            _morango_source_id varchar(96) NOT NULL,
            _morango_partition varchar(128) NOT NULL,
            username varchar(254) NOT NULL,
            full_name varchar(120) NOT NULL,
            date_joined varchar NOT NULL,
            dataset_id uuid NOT NULL
                REFERENCES kolibriauth_facilitydataset DEFERRABLE INITIALLY DEFERRED,
            facility_id uuid NOT NULL
                REFERENCES kolibriauth_collection DEFERRABLE INITIALLY DEFERRED,
            birth_year varchar(16) NOT NULL,
            gender varchar(16) NOT NULL,
            id_number varchar(64) NOT NULL,
            extra_demographics text,
            date_deleted varchar,
            picture_password varchar(8),
            UNIQUE (dataset_id, picture_password));
        CREATE INDEX ON kolibriauth_facilityuser (dataset_id);
        CREATE INDEX ON kolibriauth_facilityuser (facility_id);
        CREATE TABLE kolibriauth_membership (
            id uuid PRIMARY KEY,
            _morango_dirty_bit boolean NOT NULL,
            _morango_source_id varchar(96) NOT NULL,
            _morango_partition varchar(128) NOT NULL,
            collection_id uuid NOT NULL
                REFERENCES kolibriauth_collection DEFERRABLE INITIALLY DEFERRED,
            dataset_id uuid NOT NULL
                REFERENCES kolibriauth_facilitydataset DEFERRABLE INITIALLY DEFERRED,
            user_id uuid NOT NULL
                REFERENCES kolibriauth_facilityuser DEFERRABLE INITIALLY DEFERRED,
            UNIQUE (user_id, collection_id));
        CREATE INDEX ON kolibriauth_membership (collection_id);
        CREATE INDEX ON kolibriauth_membership (dataset_id);
        CREATE INDEX ON kolibriauth_membership (user_id);
        CREATE TABLE kolibriauth_role (
            id uuid PRIMARY KEY,
            _morango_dirty_bit boolean NOT NULL,
            _morango_source_id varchar(96) NOT NULL,
            _morango_partition varchar(128) NOT NULL,
            kind varchar(26) NOT NULL,
            collection_id uuid NOT NULL
                REFERENCES kolibriauth_collection DEFERRABLE INITIALLY DEFERRED,
            dataset_id uuid NOT NULL
                REFERENCES kolibriauth_facilitydataset DEFERRABLE INITIALLY DEFERRED,
            user_id uuid NOT NULL
                REFERENCES kolibriauth_facilityuser DEFERRABLE INITIALLY DEFERRED,
            UNIQUE (user_id, collection_id, kind));
        CREATE INDEX ON kolibriauth_role (collection_id);
        CREATE INDEX ON kolibriauth_role (dataset_id);
        CREATE INDEX ON kolibriauth_role (user_id);
        CREATE TABLE morango_deletedmodels (id uuid PRIMARY KEY, profile varchar(40) NOT NULL);
        CREATE TABLE morango_harddeletedmodels (id uuid PRIMARY KEY, profile varchar(40) NOT NULL);
        """

    /// The tables that jobs may change, wholly or in part.
    static let comparedTables = [
        "kolibriauth_role", "kolibriauth_membership", "kolibriauth_facilityuser",
        "kolibriauth_collection", "morango_deletedmodels", "morango_harddeletedmodels",
    ]
}

/// Facilities with their classes, groups and users, the same for the same seed.
struct KolibriSeed: Sendable {
    struct Size: Hashable, Sendable {
        var facilities = 3
        /// Of each facility.
        var classes = 3
        /// Of each facility.
        var users = 8
    }

    struct Classroom: Sendable {
        let id: String
        /// A learner group and a group of another kind.
        let groups: [String]
    }

    struct Facility: Sendable {
        let id: String
        let dataset: String
        let classes: [Classroom]
        let users: [String]

        var collections: [String] { [id] + classes.flatMap { [$0.id] + $0.groups } }
    }

    let facilities: [Facility]
    private var rows: [(table: String, values: String)] = []

    init(_ seed: UInt64, _ size: Size = Size()) {
        var generator = SeededGenerator(seed: seed)
        func id() -> String {
            "\(JobID(high: generator.next(), low: generator.next()))"
        }
        var rows: [(table: String, values: String)] = []
        func collection(_ kind: String, of parent: String?, in dataset: String) -> String {
            let id = id()
            rows.append(
                (
                    "kolibriauth_collection",
                    "'\(id)', false, 'source', '\(Self.hex(dataset)):allusers-ro', "
                        + "'\(kind) \(rows.count)', '\(kind)', '\(dataset)', "
                        + (parent.map { "'\($0)'" } ?? "NULL")
                ))
            return id
        }
        var datasets: [String] = []
        facilities = (0..<size.facilities).map { number in
            // Two facilities share a dataset: Kolibri makes one of its own for each, but its code and
            // tables do not rely on it.
            let dataset = number == 1 ? datasets[0] : id()
            datasets.append(dataset)
            if number != 1 { rows.append(("kolibriauth_facilitydataset", "'\(dataset)'")) }
            let facility = collection("facility", of: nil, in: dataset)
            let classes = (0..<size.classes).map { _ in
                let classroom = collection("classroom", of: facility, in: dataset)
                return Classroom(
                    id: classroom,
                    groups: ["learnergroup", "adhoclearnersgroup"].map {
                        collection($0, of: classroom, in: dataset)
                    })
            }
            let users = (0..<size.users).map { number in
                let user = id()
                // Some are deleted softly, some can log in with a picture, some are as last synced.
                let isDirty = Int.random(in: 0..<2, using: &generator) == 0
                let picture =
                    Int.random(in: 0..<2, using: &generator) == 0 ? "'p\(rows.count)'" : "NULL"
                let deleted =
                    Int.random(in: 0..<6, using: &generator) == 0 ? "'2026-01-01'" : "NULL"
                rows.append(
                    (
                        "kolibriauth_facilityuser",
                        "'x', NULL, '\(user)', \(isDirty), 'source', "
                            + "'\(Self.hex(dataset)):user-ro:\(Self.hex(user))', 'user\(number)', "
                            + "'User \(number)', '2025-01-01', '\(dataset)', "
                            + "'\(facility)', '', '', '', NULL, \(deleted), \(picture)"
                    ))
                return user
            }
            return Facility(id: facility, dataset: dataset, classes: classes, users: users)
        }
        self.rows = rows
    }

    /// An id as morango writes it into texts.
    static func hex(_ id: String) -> String { String(id.filter { $0 != "-" }) }

    func insert(on connection: Connection) throws {
        let tables = Dictionary(grouping: rows, by: \.table)
        for table in ["kolibriauth_facilitydataset", "kolibriauth_collection"] {
            try insert(tables[table] ?? [], on: connection)
        }
        try insert(tables["kolibriauth_facilityuser"] ?? [], on: connection)
        try connection.script("ANALYZE kolibriauth_collection, kolibriauth_facilityuser")
    }

    private func insert(
        _ rows: [(table: String, values: String)], on connection: Connection
    ) throws {
        guard let table = rows.first?.table else { return }
        let values = rows.map { "(\($0.values))" }.joined(separator: ",\n")
        try connection.script("INSERT INTO \(table) VALUES \(values)")
    }
}
