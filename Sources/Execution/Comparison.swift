import Postgres

/// How two rows' values of one column are compared in SQL, as the column's type holds them equal.
///
/// A type without an equality (json, xml, point) is compared by its text: what is written
/// differently counts as different.
struct Comparison {
    private let column: String
    private let equality: String?

    /// - Parameter equality: the type's operator, nil where it has none.
    init(_ name: String, _ equality: String?) {
        column = quoteIdentifier(name)
        self.equality = equality
    }

    /// True where both have a value and the values are equal.
    func equal(_ left: String, _ right: String) -> String {
        guard let equality else { return "\(text(left)) = \(text(right))" }
        return "\(left).\(column) \(equality) \(right).\(column)"
    }

    /// True also where neither has a value.
    func same(_ left: String, _ right: String) -> String {
        guard let equality else { return "\(text(left)) IS NOT DISTINCT FROM \(text(right))" }
        guard equality != "=" else {
            return "\(left).\(column) IS NOT DISTINCT FROM \(right).\(column)"
        }
        return "(\(equal(left, right)) IS TRUE OR \(isNeither(left, right)))"
    }

    /// The opposite of ``same(_:_:)``.
    func distinct(_ left: String, _ right: String) -> String {
        guard let equality else { return "\(text(left)) IS DISTINCT FROM \(text(right))" }
        guard equality != "=" else {
            return "\(left).\(column) IS DISTINCT FROM \(right).\(column)"
        }
        // IS DISTINCT FROM would take the `=` that the search path has.
        return "(\(equal(left, right)) IS NOT TRUE AND NOT (\(isNeither(left, right))))"
    }

    private func text(_ row: String) -> String { "\(row).\(column)::pg_catalog.text" }

    private func isNeither(_ left: String, _ right: String) -> String {
        "\(left).\(column) IS NULL AND \(right).\(column) IS NULL"
    }
}
