import Catalog
import Postgres

/// How two rows' values of one column are compared in SQL, as the column's type holds them equal.
///
/// A type without an equality (json, xml, point) is compared by its text: what is written
/// differently counts as different.
struct Comparison {
    private let column: String
    private let equality: String
    /// The type as which the values are compared, where that is not the column's own.
    private let type: String?

    init(_ column: Column) {
        self.column = quoteIdentifier(column.name)
        equality = column.equalityOperator ?? "="
        type = column.equalityOperator == nil ? "pg_catalog.text" : column.comparedType
    }

    /// True where both have a value and the values are equal.
    func equal(_ left: String, _ right: String) -> String {
        "\(value(left)) \(equality) \(value(right))"
    }

    /// True also where neither has a value.
    func same(_ left: String, _ right: String) -> String {
        guard equality != "=" else {
            return "\(value(left)) IS NOT DISTINCT FROM \(value(right))"
        }
        return "(\(equal(left, right)) IS TRUE OR \(isNeither(left, right)))"
    }

    /// The opposite of ``same(_:_:)``.
    func distinct(_ left: String, _ right: String) -> String {
        guard equality != "=" else { return "\(value(left)) IS DISTINCT FROM \(value(right))" }
        // IS DISTINCT FROM would take the `=` that the search path has.
        return "(\(equal(left, right)) IS NOT TRUE AND NOT (\(isNeither(left, right))))"
    }

    private func value(_ row: String) -> String {
        "\(row).\(column)\(type.map { "::\($0)" } ?? "")"
    }

    private func isNeither(_ left: String, _ right: String) -> String {
        "\(left).\(column) IS NULL AND \(right).\(column) IS NULL"
    }
}

extension TableSchema {
    /// How two rows' values of a column are compared.
    func comparison(_ name: String) -> Comparison {
        guard let column = column(name) else {
            preconditionFailure("the columns of a plan have been checked")
        }
        return Comparison(column)
    }
}
