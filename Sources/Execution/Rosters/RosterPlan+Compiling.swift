import Catalog
import Store

extension RosterPlan {
    /// Compiles a catalog's rosters; those that do not fit their tables are left out.
    ///
    /// - Parameters:
    ///   - relations: the plans of the catalog's relations.
    ///   - own: the plans of the tables that rosters write themselves.
    ///   - schema: where rows are staged.
    public static func plans(
        of catalog: Catalog, relations: [String: RelationPlan], own: [String: RelationPlan],
        schema: StatusSchema
    ) -> [String: RosterPlan] {
        let all = relations.merging(own) { relation, _ in relation }
        return catalog.rosters.compactMapValues { RosterPlan($0, plans: all, schema: schema) }
    }
}
