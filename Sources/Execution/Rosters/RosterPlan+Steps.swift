import Catalog

extension RosterPlan.Step {
    init(
        _ step: Roster.Step, _ plan: RelationPlan, _ sql: RosterSQL, _ named: [RosterSQL.Named]
    ) {
        removal = nil
        relation = plan
        switch step {
        case .upsert(let upsert):
            isRemoval = false
            password = upsert.password
            target = []
            member = plan.relation.member
            attributes = upsert.values.map(\.column).filter { !plan.relation.member.contains($0) }
            let ordered = (member + attributes).compactMap { name in
                upsert.values.first { $0.column == name }
            }
            select = sql.select(ordered, where: nil, each: nil, named)
            newcomers = sql.newcomers(
                named, RosterSQL.Named(alias: "newcomer", upsert: upsert, plan: plan))
        case .assign(let assign):
            isRemoval = assign.isRemoval
            password = nil
            target = assign.target.map(\.column)
            member = assign.member.map(\.column)
            attributes = assign.attributes.map(\.column)
            select = sql.select(
                assign.target + assign.member + assign.attributes, where: assign.condition,
                each: assign.each, named)
            newcomers = nil
        }
    }
}
