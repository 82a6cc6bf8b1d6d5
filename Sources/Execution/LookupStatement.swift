import Catalog
import Postgres

/// Finds what is meant by other names for targets or members.
///
/// `$1` numbers the names, `$2` has them as texts. It returns for each name what it means, none for a
/// name that means nothing and several for one that is not clear.
struct LookupStatement: Sendable {
    let lookup: Lookup
    let sql: String
    /// The positions among the given columns that it fills.
    let positions: [Int]

    init(_ lookup: Lookup, _ given: [Column], of relation: Relation) {
        self.lookup = lookup
        let names = lookup.side == .target ? relation.target : relation.member
        positions = names.compactMap { name in given.firstIndex { $0.name == name } }
        let found = positions.indices.map { "c\($0)" }
        let values = zip(found, positions).map { name, position in
            "found.\(name)::\(given[position].typeName)::\(StagedColumn.Wire(given[position].type).type)"
        }
        sql = """
            SELECT lookup.n, \(values.joined(separator: ", "))
            FROM unnest($1::int4[], $2::text[]) AS lookup (n, value)
            CROSS JOIN LATERAL (\(lookup.sql)) AS found (\(found.joined(separator: ", ")))
            """
    }
}
