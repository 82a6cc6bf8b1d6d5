import Postgres

/// One of a relation's statements, with what a person wants to know of it.
public struct PlannedStatement: Sendable {
    public let name: String
    /// What it does, in a few words.
    public let purpose: String
    /// When a worker sends it.
    public let timing: String
    public let sql: String
    let input: Input

    /// What its parameters are.
    enum Input: Sendable {
        /// Items of a batch, and perhaps something more.
        case items(Items, Extra?)
        /// Names that a lookup asks for, by the number of the lookup.
        case names(Int)
        /// Rows that were written.
        case rows([EffectStatement.RowSet])
    }

    /// The items of a batch that a statement is sent with.
    enum Items: Sendable {
        case all, assigns, removals
        /// The targets of jobs that are exact or for all members.
        case sweeps
    }

    /// A parameter that is not of the items.
    enum Extra: Sendable {
        /// The most rows to return.
        case rowLimit
        /// For each item why its row is locked.
        case lockReasons
    }

    /// What of the catalog's SQL is in it.
    var clause: String {
        switch input {
        case .items: "`set`, `reject` or `protect`"
        case .names: "`lookup`"
        case .rows: "its effects"
        }
    }

    /// The parameters by type and meaning that are its own: those after the items, or all.
    public var ownParameters: [(type: String, meaning: String)] {
        switch input {
        case .items(_, nil): []
        case .items(_, .rowLimit): [("int8", "the most rows to return")]
        case .items(_, .lockReasons):
            [("int2[]", "why its row is locked: 0 to remove it, 1 to change it, 2 for a later run")]
        case .names: [("int4[]", "the numbers of the items"), ("text[]", "the names")]
        case .rows(let sets):
            sets.flatMap { set in
                [
                    ("text[]", "the \(set.rawValue) rows as the database prints them"),
                    ("int8[]", "the places of their items"),
                ]
            }
        }
    }

    /// It may be sent where nothing is removed.
    public var isForAssigns: Bool {
        switch input {
        case .items(.all, _), .items(.assigns, _), .names, .rows: true
        case .items(.removals, _), .items(.sweeps, _): false
        }
    }

    /// Its first parameters are the items.
    public var takesItems: Bool { if case .items = input { true } else { false } }
}
