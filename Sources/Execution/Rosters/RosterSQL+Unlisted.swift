import Catalog
import Postgres

/// What an exact import removes.
extension RosterSQL {
    /// A step that lists members of a relation.
    struct Listing {
        let file: RosterSQL
        let assign: Roster.Assign
        /// The rows that its expressions may read.
        let named: [Named]

        /// Its targets and members, refused rows included.
        fileprivate func select(_ plan: RelationPlan) -> String {
            let values = columns(assign.target + assign.member, plan)
            let rows = file.rows(isBounded: false, isRefusedToo: true)
            return "SELECT \(values) \(file.source(rows, each: assign.each, named))"
        }

        /// The target that an import has whatever its rows say; nil where they say it.
        fileprivate func selectTarget(_ plan: RelationPlan) -> String? {
            let aliases = named.map(\.alias)
            let isOfJob = assign.target.allSatisfy { $0.isOfJob(aliases: aliases) }
            return isOfJob ? "SELECT \(columns(assign.target, plan)) FROM \(file.job)" : nil
        }

        private func columns(_ values: [Roster.Value], _ plan: RelationPlan) -> String {
            values.map { value in
                let type = plan.given.first { $0.name == value.column }?.unlimitedTypeName
                return "CAST((\(value.sql)) AS \(type ?? "text")) AS "
                    + quoteIdentifier(value.column)
            }.joined(separator: ", ")
        }
    }

    /// The members of a step's targets that no row lists, in whichever file and step.
    ///
    /// - Parameter all: the steps that list members of the relation, this one among them.
    /// - Returns: the SQL that names them, and the SQL that counts them beside all rows of the
    ///   targets.
    static func unlisted(
        by step: Listing, among all: [Listing], _ plan: RelationPlan
    ) -> (select: String, count: String) {
        let target = plan.relation.target
        let member = plan.relation.member
        func columns(_ names: [String], of table: String) -> String {
            names.map { "\(table).\(quoteIdentifier($0))" }.joined(separator: ", ")
        }
        let pair = (target + member).map(quoteIdentifier).joined(separator: ", ")
        let texts = (target + member).map { "\(quoteIdentifier($0))::text" }
        let common = """
            WITH listed AS MATERIALIZED (
              \(all.map { $0.select(plan) }.joined(separator: "\nUNION "))
            ), targets AS MATERIALIZED (
              SELECT DISTINCT \(columns(target, of: "own")) FROM (\(step.select(plan))) AS own
              \(step.selectTarget(plan).map { "UNION \($0)" } ?? "")
            )
            """
        // Grouped and not joined: nobody has counted the rows of the import, and a plan for a few
        // compares each row that is there with each that is listed.
        let pairs = """
            SELECT \(pair), count(*) FILTER (WHERE is_there) AS there, bool_and(is_there) AS is_unlisted
            FROM (SELECT \(columns(target + member, of: "there")), true AS is_there
                  FROM \(plan.match.source) AS there
                  JOIN targets ON (\(columns(target, of: "there")))
                    = (\(columns(target, of: "targets")))
                  UNION ALL SELECT \(pair), false FROM listed) AS pair
            GROUP BY \(pair)
            """
        let targets = target.map(quoteIdentifier).joined(separator: ", ")
        return (
            """
            \(common)
            SELECT \(texts.joined(separator: ", ")) FROM (\(pairs)) AS pair WHERE is_unlisted
            ORDER BY \(columns(target + member, of: "pair"))
            """,
            """
            \(common)
            SELECT concat_ws(', ', \(targets)), sum(there)::bigint,
              coalesce(sum(there) FILTER (WHERE is_unlisted), 0)::bigint
            FROM (\(pairs)) AS pair WHERE there > 0
            GROUP BY \(targets)
            """
        )
    }
}
