import Postgres

/// Whether the connected role may do what the statements of a relation do.
extension CatalogCheck {
    mutating func checkAccess(_ table: TableSchema, _ surroundings: TableSurroundings) {
        let role = quoteIdentifier(surroundings.role)
        if !surroundings.canUseSchema {
            missUsage(of: table.name.schema, role)
        }
        checkPrivileges(table, surroundings, role)
        for access in surroundings.access where isFilledByDefault(access.column) {
            guard let sequence = access.forbiddenSequence else { continue }
            error(
                "expected the privilege USAGE on the sequence \(sequence) behind "
                    + "\(access.column), got none",
                remedy: "GRANT USAGE ON SEQUENCE \(quoted(sequence)) TO \(role)")
        }
        checkParents(surroundings, role)
        guard table.hasRowSecurity else { return }
        let isForced = surroundings.isRowSecurityForced
        let leave = "ALTER TABLE \(quoted(table.name)) NO FORCE ROW LEVEL SECURITY, or "
        error(
            "expected no row-level security for the role \(surroundings.role) on \(table.name), "
                + "got it \(isForced ? "forced" : "enabled")",
            remedy: (isForced ? leave : "") + "ALTER ROLE \(role) BYPASSRLS")
    }

    /// A privilege on the table is one on all its columns; on some columns it may be enough.
    private mutating func checkPrivileges(
        _ table: TableSchema, _ surroundings: TableSurroundings, _ role: String
    ) {
        let written = Set(relation.givenColumns + relation.computed.map(\.name))
        // Rules over rows to remove, and effects, get the whole row.
        let readsRows = !relation.protects.isEmpty || !relation.effects.isEmpty
        let read = readsRows ? table.columns.map(\.name) : relation.givenColumns + relation.identity
        let needed = [
            "SELECT": Set(read), "INSERT": written,
            "UPDATE": Set(relation.conflict.updatedColumns),
        ]
        var whole: [String] = []
        let unneeded: Set<String> =
            relation.isRemovable
            ? [] : relation.conflict.updatedColumns.isEmpty ? ["UPDATE", "DELETE"] : ["DELETE"]
        for privilege in table.missingPrivileges where !unneeded.contains(privilege) {
            let allowed = surroundings.access.filter { $0.permits(privilege) }.map(\.column)
            // Locking rows before they change or go needs UPDATE on any column.
            guard let columns = needed[privilege], !allowed.isEmpty else {
                whole.append(privilege)
                continue
            }
            let missing = surroundings.access.map(\.column)
                .filter { columns.contains($0) && !allowed.contains($0) }
            guard !missing.isEmpty else { continue }
            let list = missing.map(quoteIdentifier).joined(separator: ", ")
            error(
                "expected the privilege \(privilege) on \(missing.joined(separator: ", ")) of "
                    + "\(table.name), got it on \(allowed.joined(separator: ", ")) alone",
                remedy: "GRANT \(privilege) (\(list)) ON \(quoted(table.name)) TO \(role)")
        }
        guard !whole.isEmpty else { return }
        let privileges = whole.joined(separator: ", ")
        error(
            "expected the privileges \(privileges) on \(table.name), got none",
            remedy: "GRANT \(privileges) ON \(quoted(table.name)) TO \(role)")
    }

    /// Foreign keys are looked up before the write, by this role and not by the table's owner.
    private mutating func checkParents(_ surroundings: TableSurroundings, _ role: String) {
        for parent in surroundings.parents {
            if !parent.canUseSchema, parent.table.schema != relation.table.schema {
                missUsage(of: parent.table.schema, role)
            }
            if !parent.canSelect {
                error(
                    "expected the privilege SELECT on \(parent.table), to which the foreign key "
                        + "\(parent.key) refers, got none",
                    remedy: "GRANT SELECT ON \(quoted(parent.table)) TO \(role)")
            }
            if parent.hasRowSecurity {
                error(
                    "expected to see all rows of \(parent.table), to which the foreign key "
                        + "\(parent.key) refers, got row-level security, which takes those that "
                        + "it hides for unknown",
                    remedy: "ALTER ROLE \(role) BYPASSRLS, or a policy that shows the role all rows"
                )
            }
        }
    }

    private mutating func missUsage(of schema: String, _ role: String) {
        let finding = Finding(
            .error, relation.name, "expected the privilege USAGE on the schema \(schema), got none",
            remedy: "GRANT USAGE ON SCHEMA \(quoteIdentifier(schema)) TO \(role)")
        if !findings.contains(where: { $0.message == finding.message }) { findings.append(finding) }
    }

    /// A new row may get its default here.
    private func isFilledByDefault(_ column: String) -> Bool {
        !(relation.target + relation.member + relation.computed.map(\.name)).contains(column)
    }
}

extension TableSurroundings.ColumnAccess {
    fileprivate func permits(_ privilege: String) -> Bool {
        switch privilege {
        case "SELECT": canSelect
        case "INSERT": canInsert
        case "UPDATE": canUpdate
        default: false
        }
    }
}
