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
            cleared = upsert.cleared
            attributes = upsert.values.map(\.column).filter { !plan.relation.member.contains($0) }
            let ordered = (member + attributes).compactMap { name in
                upsert.values.first { $0.column == name }
            }
            let person = RosterSQL.Named(alias: "person found", upsert: upsert, plan: plan)
            let isUpdated = upsert.password?.mismatch == .update
            select = sql.select(
                ordered, where: upsert.condition, each: upsert.each, named,
                replacing: isUpdated ? person : nil)
            people = upsert.password.map { password in
                sql.people(named, person, password)
            }
        case .assign(let assign):
            isRemoval = assign.isRemoval
            password = nil
            target = assign.target.map(\.column)
            member = assign.member.map(\.column)
            attributes = assign.attributes.map(\.column)
            select = sql.select(
                assign.target + assign.member + assign.attributes, where: assign.condition,
                each: assign.each, named)
            cleared = []
            people = nil
        }
    }
}
