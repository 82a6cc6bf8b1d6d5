import Catalog
import Jobs
import Postgres

/// A backfill compiled to its statements: made once when the catalog is read, used for every part.
///
/// Identifiers come from the checked catalog and are quoted; values are parameters.
public struct BackfillPlan: Sendable {
    public let backfill: Backfill
    /// Tells one definition from another.
    public let digest: UInt64
    /// The parameters with their types, in the catalog's order.
    let parameters: [Column]
    let steps: [Step]

    struct Step: Sendable, Equatable {
        let name: String
        /// How it is cut into parts; nil for a step that is one part.
        let walk: Walk?
        let statements: [Statement]
    }

    /// How a table is walked.
    struct Walk: Sendable, Equatable {
        /// How many rows a part has.
        let rows: Int
        let keyCount: Int
        let firstPortion: BackfillSQL
        let nextPortion: BackfillSQL
        let middle: BackfillSQL
    }

    struct Statement: Sendable, Equatable {
        let sql: BackfillSQL
        let counting: Counting
    }

    /// Where the number of rows comes from that a statement wrote.
    enum Counting: Sendable {
        case created, updated, removed
        /// It returns how many it created and how many it updated.
        case asked
    }

    init(_ checked: CheckedBackfill) {
        let writer = BackfillWriter(checked: checked)
        backfill = checked.backfill
        digest = checked.backfill.digest
        parameters = checked.parameters
        steps = zip(checked.backfill.steps, checked.keys).map { step, key in
            var walk: Walk?
            if let chunk = step.chunk, let key {
                walk = Walk(
                    rows: chunk.rows, keyCount: key.columns.count,
                    firstPortion: writer.portion(chunk, key, isFirst: true),
                    nextPortion: writer.portion(chunk, key, isFirst: false),
                    middle: writer.middle(chunk, key))
            }
            return Step(
                name: step.name, walk: walk,
                statements: step.statements.map { statement in
                    Statement(
                        sql: writer.statement(statement, key: key),
                        counting: Counting(statement))
                })
        }
    }

    /// Whether the statements are the same, which they are not where a key's type has changed.
    public func hasSameStatements(as other: BackfillPlan) -> Bool {
        steps == other.steps && digest == other.digest
            && parameters.map(\.typeName) == other.parameters.map(\.typeName)
    }
}

extension BackfillPlan.Counting {
    init(_ statement: BackfillStatement) {
        self =
            switch statement.verb {
            case .insert: statement.mayUpdate ? .asked : .created
            case .update: .updated
            case .delete: .removed
            }
    }
}
