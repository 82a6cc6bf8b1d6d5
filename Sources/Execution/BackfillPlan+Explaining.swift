import Catalog

extension BackfillPlan {
    /// A statement for people to read.
    public struct ExplainedStatement: Sendable {
        /// What it is for.
        public let purpose: String
        public let sql: String
        /// What `$1` and so on stand for.
        public let parameters: [String]
    }

    /// A step with its statements in the order in which a worker sends them.
    public struct ExplainedStep: Sendable {
        public let name: String
        /// What is walked, and how; nil for a step that is one part.
        public let walk: String?
        public let statements: [ExplainedStatement]
    }

    public var explained: [ExplainedStep] {
        zip(steps, backfill.steps).map { step, declared in
            let chunk = declared.chunk
            let plan = step.walk.map {
                [
                    explained($0.firstPortion, "plans the parts", chunk),
                    explained($0.middle, "splits a part that takes too long", chunk),
                ]
            }
            return ExplainedStep(
                name: step.name,
                walk: chunk.map {
                    "\($0.over) by \($0.key.joined(separator: ", ")), \($0.rows) rows a part"
                },
                statements: (plan ?? [])
                    + step.statements.map { statement in
                        explained(
                            statement.sql, "executes a part, counted as \(statement.counting)",
                            chunk)
                    })
        }
    }

    private func explained(
        _ sql: BackfillSQL, _ purpose: String, _ chunk: Backfill.Chunk?
    ) -> ExplainedStatement {
        let key = chunk?.key ?? []
        return ExplainedStatement(
            purpose: purpose, sql: sql.text,
            parameters: sql.inputs.map { input in
                switch input {
                case .from(let column): "\(key[column]) of the part's first key"
                case .to(let column): "\(key[column]) of the part's last key"
                case .after(let column): "\(key[column]) of the last key planned"
                case .limit: "how many keys are looked at"
                case .argument(let number): "\(backfill.parameters[number].name) of the scope"
                case .data(let table, let column):
                    "\(backfill.data[table].columns[column].name) of \(backfill.data[table].name), "
                        + "\(backfill.data[table].rows.count) rows"
                }
            })
    }
}

extension BackfillPlan.Counting: CustomStringConvertible {
    var description: String {
        switch self {
        case .created: "created"
        case .updated: "updated"
        case .removed: "removed"
        case .asked: "created and updated"
        }
    }
}
