import Store

/// The target of a job in a column.
enum TargetText {
    /// The fewest columns that are left to a relation that is cut.
    private static let relationMin = 3

    /// `relation/target`, escaped and no wider than the column.
    ///
    /// The relation is cut first: in a list many jobs share it, and the target tells them apart.
    static func fitted(_ job: StatusQuery.Job, to width: Int) -> String {
        let whole = VisibleText.escaped(job.fullTarget)
        guard DisplayWidth.of(whole) > width else { return whole }
        let relation = VisibleText.escaped(job.relation)
        let target = VisibleText.escaped(job.target)
        let room = max(relationMin, width - DisplayWidth.of(target) - 1)
        guard !target.isEmpty else { return VisibleText.cut(relation, to: width) }
        return VisibleText.cut("\(VisibleText.cut(relation, to: room))/\(target)", to: width)
    }
}
