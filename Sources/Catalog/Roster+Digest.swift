import Jobs

extension Roster {
    /// Tells one definition from another: what is read of a file, and what is made of it.
    ///
    /// Where it is declared changes nothing of that.
    public var digest: UInt64 {
        var hash = FNV()
        func add(_ text: String) {
            hash.add(text.utf8)
            hash.add(UInt64(text.utf8.count))
        }
        func add(_ rules: [RejectRule]) {
            for rule in rules {
                add(rule.code)
                add(rule.condition)
                add(rule.message)
            }
        }
        func add(_ values: [Value]) {
            for value in values {
                add(value.column)
                add(value.sql)
            }
            add("\(values.count)")
        }
        for file in files {
            add(file.name)
            for column in file.columns {
                add(column.name)
                add(
                    "\(column.isExpected) \(column.isRequired) \(column.cleaning) \(column.maxLength ?? 0)"
                )
                add(column.uniqueness?.rawValue ?? "")
                add(column.defaultValue.map { "=\($0)" } ?? "")
                for text in column.headers { add("header \(text)") }
                for text in column.choices { add("choice \(text)") }
            }
            add(file.rejects)
            for step in file.steps {
                switch step {
                case .upsert(let upsert):
                    let relation = upsert.relation
                    add("upsert \(relation.table) as \(upsert.alias ?? "")")
                    add("\(relation.identity) \(relation.conflict) \(relation.isUnique)")
                    add(relation.arbiter ?? "")
                    add(upsert.values)
                    for column in relation.computed {
                        add(column.name)
                        add(column.expression)
                    }
                    add(relation.rejects)
                    for effect in relation.effects.onAssign { add(effect) }
                    add("\(relation.caseless.sorted()) \(upsert.cleared)")
                    if let password = upsert.password {
                        add("\(password.column) of \(password.source ?? "")")
                        add("\(password.scheme) \(password.iterations)")
                        add("\(password.keepMark.map { "=\($0)" } ?? "") \(password.mismatch)")
                    }
                    add(upsert.condition ?? "")
                    add(upsert.each ?? "")
                case .assign(let assign):
                    add("\(assign.isRemoval ? "unassign" : "assign") \(assign.relation)")
                    add(assign.target)
                    add(assign.member)
                    add(assign.attributes)
                    add(assign.condition ?? "")
                    add(assign.each ?? "")
                }
            }
        }
        return hash.value
    }
}
