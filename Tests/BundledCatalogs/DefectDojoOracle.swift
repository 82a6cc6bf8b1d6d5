import Postgres

/// What stands in a database of DefectDojo's, as far as the backfill may change it.
struct DefectDojoState: Equatable {
    struct Pair: Hashable, Comparable, CustomStringConvertible {
        let target: Int
        let user: Int

        var description: String { "\(target)-\(user)" }

        static func < (left: Pair, right: Pair) -> Bool {
            (left.target, left.user) < (right.target, right.user)
        }
    }

    struct Flags: Equatable {
        var isSuperuser: Bool
        var isStaff: Bool
    }

    struct Event: Hashable {
        let user: Int
        let isSuperuser: Bool
        let isStaff: Bool
    }

    /// With the row's id and the transaction that wrote it.
    private(set) var products: [Pair: String] = [:]
    private(set) var productTypes: [Pair: String] = [:]
    private(set) var flags: [Int: Flags] = [:]
    /// The transactions that wrote the users' rows.
    private(set) var writers: [Int: String] = [:]
    /// The history of the users, and how many rows that of products and product types has.
    private(set) var events: [Event] = []
    private(set) var otherEvents = 0
    /// How far the sequences of the pairs are.
    private(set) var sequences: [String] = []

    init(_ desk: SystemDesk) throws {
        products = try Self.pairs(desk, "dojo_product_authorized_users", "product_id")
        productTypes = try Self.pairs(
            desk, "dojo_product_type_authorized_users", "product_type_id")
        let users = try desk.connection.execute(
            "SELECT id, is_superuser, is_staff, xmin FROM auth_user")
        for row in 0..<users.count {
            flags[users.int(row, 0)] = Flags(
                isSuperuser: users.bool(row, 1), isStaff: users.bool(row, 2))
            writers[users.int(row, 0)] = users.string(row, 3)
        }
        let history = try desk.connection.execute(
            "SELECT id, is_superuser, is_staff FROM dojo_dojo_userevent ORDER BY pgh_id")
        events = (0..<history.count).map { row in
            Event(
                user: history.int(row, 0), isSuperuser: history.bool(row, 1),
                isStaff: history.bool(row, 2))
        }
        otherEvents = try desk.connection.execute(
            """
            SELECT (SELECT count(*) FROM dojo_productevent)
              + (SELECT count(*) FROM dojo_product_typeevent)
            """
        ).int(0, 0)
        sequences = try desk.rows(
            """
            SELECT last_value FROM dojo_product_authorized_users_id_seq UNION ALL
            SELECT last_value FROM dojo_product_type_authorized_users_id_seq
            """)
    }

    private static func pairs(
        _ desk: SystemDesk, _ table: String, _ target: String
    ) throws -> [Pair: String] {
        let rows = try desk.connection.execute(
            "SELECT \(target), dojo_user_id, id || ' ' || xmin FROM \(table)")
        return (0..<rows.count).reduce(into: [:]) { pairs, row in
            pairs[Pair(target: rows.int(row, 0), user: rows.int(row, 1))] = rows.string(row, 2)
        }
    }
}

/// The authorised users and flags that DefectDojo's own code makes, one membership after the other.
struct DefectDojoOracle {
    private typealias Link = (target: Int, other: Int)

    private let productMembers: [Link]
    private let productGroups: [Link]
    private let typeMembers: [Link]
    private let typeGroups: [Link]
    private let groupMembers: [Int: [Int]]
    /// Who has a global role, a user or a group, and its name.
    private let globalRoles: [(user: Int?, group: Int?, role: String?)]

    init(_ connection: Connection) throws {
        func links(_ sql: String) throws -> [Link] {
            let rows = try connection.execute(sql)
            return (0..<rows.count).map { (rows.int($0, 0), rows.int($0, 1)) }
        }
        productMembers = try links("SELECT product_id, user_id FROM dojo_product_member")
        productGroups = try links("SELECT product_id, group_id FROM dojo_product_group")
        typeMembers = try links("SELECT product_type_id, user_id FROM dojo_product_type_member")
        typeGroups = try links("SELECT product_type_id, group_id FROM dojo_product_type_group")
        groupMembers = Dictionary(
            grouping: try links("SELECT group_id, user_id FROM dojo_dojo_group_member"),
            by: \.target
        ).mapValues { $0.map(\.other) }
        let names = try links("SELECT id, id FROM dojo_role").reduce(into: [Int: String]()) {
            $0[$1.target] = try connection.execute(
                "SELECT name FROM dojo_role WHERE id = \($1.target)"
            ).string(0, 0)
        }
        let roles = try connection.execute(
            "SELECT user_id, group_id, role_id FROM dojo_global_role")
        globalRoles = (0..<roles.count).map { row in
            (
                roles.optionalInt(row, 0), roles.optionalInt(row, 1),
                roles.optionalInt(row, 2).flatMap { names[$0] }
            )
        }
    }

    /// The users of each product that is asked for; of all, by nil.
    func products(_ only: (Int) -> Bool) -> Set<DefectDojoState.Pair> {
        pairs(productMembers, productGroups, only)
    }

    func productTypes(_ only: (Int) -> Bool) -> Set<DefectDojoState.Pair> {
        pairs(typeMembers, typeGroups, only)
    }

    private func pairs(
        _ members: [Link], _ groups: [Link], _ only: (Int) -> Bool
    ) -> Set<DefectDojoState.Pair> {
        var pairs: Set<DefectDojoState.Pair> = []
        for (target, user) in members where only(target) {
            pairs.insert(DefectDojoState.Pair(target: target, user: user))
        }
        for (target, group) in groups where only(target) {
            for user in groupMembers[group] ?? [] {
                pairs.insert(DefectDojoState.Pair(target: target, user: user))
            }
        }
        return pairs
    }

    func users(with roles: Set<String>) -> Set<Int> {
        var users: Set<Int> = []
        for (user, group, role) in globalRoles {
            guard let role, roles.contains(role) else { continue }
            if let user { users.insert(user) }
            if let group { users.formUnion(groupMembers[group] ?? []) }
        }
        return users
    }
}

/// What one run should have changed, against what it has.
struct DefectDojoVerdict {
    private(set) var faults: [String] = []

    /// - Parameters:
    ///   - isWhole: the run had no scope.
    ///   - products: whether a product was in its scope.
    init(
        _ before: DefectDojoState, _ after: DefectDojoState, _ oracle: DefectDojoOracle,
        _ ending: SystemDesk.BackfillEnding, isWhole: Bool = true,
        products: (Int) -> Bool = { _ in true }, productTypes: (Int) -> Bool = { _ in true }
    ) {
        let created =
            compare("products", before.products, after.products, oracle.products(products))
            + compare(
                "product types", before.productTypes, after.productTypes,
                oracle.productTypes(productTypes))
        let owners = isWhole ? oracle.users(with: ["Owner"]) : []
        let staff = isWhole ? oracle.users(with: ["Writer", "Maintainer", "API_Importer"]) : []
        var events: [DefectDojoState.Event] = []
        for (user, flags) in before.flags {
            var expected = flags
            func raise(_ flag: WritableKeyPath<DefectDojoState.Flags, Bool>) {
                guard !expected[keyPath: flag] else { return }
                expected[keyPath: flag] = true
                events.append(
                    DefectDojoState.Event(
                        user: user, isSuperuser: expected.isSuperuser, isStaff: expected.isStaff))
            }
            if owners.contains(user) { raise(\.isSuperuser) }
            if staff.contains(user) { raise(\.isStaff) }
            if after.flags[user] != expected {
                fault("user \(user): expected \(expected), got \(after.flags[user] as Any)")
            }
            if expected == flags, after.writers[user] != before.writers[user] {
                fault("user \(user) was written, and nothing changed")
            }
        }
        let history = Array(after.events.dropFirst(before.events.count))
        if Set(history) != Set(events) || history.count != events.count {
            fault("expected the history \(events), got \(history)")
        }
        if after.otherEvents != before.otherEvents { fault("products were written") }
        if (ending.state, ending.created, ending.updated, ending.removed)
            != ("succeeded", created, events.count, 0)
        {
            fault("expected \(created) created, \(events.count) updated, got \(ending)")
        }
    }

    private mutating func fault(_ text: String) { faults.append(text) }

    /// - Returns: how many pairs were to be created.
    private mutating func compare(
        _ name: String, _ before: [DefectDojoState.Pair: String],
        _ after: [DefectDojoState.Pair: String], _ wanted: Set<DefectDojoState.Pair>
    ) -> Int {
        let expected = wanted.union(before.keys)
        for pair in expected.subtracting(after.keys).sorted() { fault("\(name): no \(pair)") }
        for pair in Set(after.keys).subtracting(expected).sorted() {
            fault("\(name): unexpected \(pair)")
        }
        for (pair, row) in before where after[pair] != row {
            fault("\(name): \(pair) was \(row), is \(after[pair] ?? "gone")")
        }
        return expected.count - before.count
    }
}
