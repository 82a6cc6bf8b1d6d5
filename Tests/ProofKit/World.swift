import Postgres

/// The tables that random jobs write: few teams and few persons, so that jobs collide.
///
/// They exist twice, in a schema that workers write and in one that the reference writes.
public enum World {
    /// The schema that workers write.
    public static let schema = "proof"
    static let referenceSchema = "naive"

    static let teams = 1...12
    static let persons = 1...8
    /// A person whom the rule of every relation refuses.
    static let banned = 8
    static let unknownTeam = 99
    static let unknownPerson = 77
    /// A value that only a trigger refuses.
    static let poison = "13"

    /// A table that joins a team to a person.
    public enum Relation: String, CaseIterable, Sendable {
        /// With attributes of every sort; items of one row are folded.
        case membership
        /// Nothing but the pair.
        case badge
        /// With a trigger, so that nothing is folded, and which refuses a value.
        case seat

        /// The attributes, with those that a job may change in a row that is there.
        var attributes: [(name: String, isUpdated: Bool)] {
            switch self {
            case .membership: [("role", true), ("note", true), ("weight", false)]
            case .badge: []
            case .seat: [("place", true)]
            }
        }

        /// Items of one row may become one effect.
        var isFolded: Bool { self != .seat }
    }

    /// Makes the tables of both schemas, with a few rows.
    public static func build(on connection: Connection) throws {
        for schema in [schema, referenceSchema] { try connection.script(tables(schema)) }
    }

    private static func tables(_ schema: String) -> String {
        """
        CREATE SCHEMA \(schema);
        CREATE TABLE \(schema).team (id int PRIMARY KEY);
        INSERT INTO \(schema).team SELECT generate_series(\(teams.lowerBound), \(teams.upperBound));
        CREATE TABLE \(schema).person (id int PRIMARY KEY, is_banned boolean NOT NULL);
        INSERT INTO \(schema).person SELECT n, n = \(banned)
        FROM generate_series(\(persons.lowerBound), \(persons.upperBound)) AS n;
        CREATE TABLE \(schema).membership (
            team_id   int NOT NULL REFERENCES \(schema).team DEFERRABLE INITIALLY DEFERRED,
            person_id int NOT NULL REFERENCES \(schema).person DEFERRABLE INITIALLY DEFERRED,
            role      text NOT NULL DEFAULT 'member'
                CONSTRAINT membership_role CHECK (role IN ('member', 'lead', 'guest')),
            note      varchar(20) DEFAULT 'none',
            weight    int DEFAULT 1,
            PRIMARY KEY (team_id, person_id));
        CREATE INDEX ON \(schema).membership (person_id);
        CREATE TABLE \(schema).badge (
            team_id   int NOT NULL REFERENCES \(schema).team,
            person_id int NOT NULL REFERENCES \(schema).person,
            PRIMARY KEY (team_id, person_id));
        CREATE INDEX ON \(schema).badge (person_id);
        CREATE TABLE \(schema).seat (
            team_id   int NOT NULL REFERENCES \(schema).team,
            person_id int NOT NULL REFERENCES \(schema).person,
            place     int NOT NULL DEFAULT 1,
            PRIMARY KEY (team_id, person_id));
        CREATE INDEX ON \(schema).seat (person_id);
        CREATE FUNCTION \(schema).refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'nobody sits there'; END $$;
        CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON \(schema).seat
        FOR EACH ROW WHEN (NEW.place = \(poison)) EXECUTE FUNCTION \(schema).refuse();
        CREATE TABLE \(schema).seat_history (
            n bigint GENERATED ALWAYS AS IDENTITY,
            team_id int, person_id int, operation text, place int);
        CREATE FUNCTION \(schema).remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO \(schema).seat_history (team_id, person_id, operation, place)
            VALUES (coalesce(NEW.team_id, OLD.team_id), coalesce(NEW.person_id, OLD.person_id),
                TG_OP, NEW.place);
            RETURN NULL;
        END $$;
        CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON \(schema).seat
        FOR EACH ROW EXECUTE FUNCTION \(schema).remember();
        INSERT INTO \(schema).membership (team_id, person_id, role)
        SELECT t, p, 'lead' FROM generate_series(1, 4) AS t, generate_series(1, 3) AS p;
        INSERT INTO \(schema).badge SELECT t, p
        FROM generate_series(3, 6) AS t, generate_series(2, 4) AS p;
        INSERT INTO \(schema).seat SELECT t, p, p
        FROM generate_series(1, 6) AS t, generate_series(1, 2) AS p;
        """
    }

    /// The catalog of the tables that workers write.
    public static let catalog = """
        catalog: proof
        relations:
        """ + Relation.allCases.map { "\n" + entry($0) }.joined()

    private static func entry(_ relation: Relation) -> String {
        let names = relation.attributes.map(\.name).joined(separator: ", ")
        let updated = relation.attributes.filter(\.isUpdated).map(\.name).joined(separator: ", ")
        let attributes =
            names.isEmpty
            ? "" : "\n    attributes: [\(names)]\n    conflict: { update: [\(updated)] }"
        return """
              \(relation.rawValue):
                table: \(schema).\(relation.rawValue)
                target: team_id
                member: person_id\(attributes)
                reject:
                  - code: banned
                    when: "EXISTS (SELECT FROM \(schema).person p
                      WHERE p.id = item.person_id AND p.is_banned)"
            """
    }

    /// What jobs have written in a schema, by table: the rows as text in the order of their
    /// identity, and everything that ever happened to a seat, which a trigger remembers.
    static func contents(
        of schema: String, on connection: Connection
    ) throws -> [String: [String]] {
        var contents: [String: [String]] = [:]
        for name in Relation.allCases.map(\.rawValue) {
            contents[name] = try texts(
                "SELECT t::text FROM \(schema).\(name) AS t ORDER BY team_id, person_id", connection
            )
        }
        contents["seat_history"] = try texts(
            """
            SELECT concat_ws(' ', team_id, person_id, operation, place)
            FROM \(schema).seat_history ORDER BY team_id, person_id, n
            """, connection)
        return contents
    }

    private static func texts(_ query: String, _ connection: Connection) throws -> [String] {
        let rows = try connection.execute(query)
        return (0..<rows.count).map { rows.string($0, 0) }
    }
}
