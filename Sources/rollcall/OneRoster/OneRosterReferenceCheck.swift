extension OneRoster {
    /// Checks what the rows of a file say of rows of others.
    struct ReferenceCheck {
        private struct Reference {
            let position: Int
            let name: String
            let target: String
            var isList = false
            var demand: Column.Demand?
        }

        private let table: Table
        private let mode: Mode
        private let manifest: Manifest
        /// Files of which rows are missing: nothing is said of references to them.
        private let incomplete: Set<String>
        private let file: String
        private let references: [Reference]
        private var width: Int?
        /// The columns that refer to a file that is not there; each is told once.
        private var told: Set<Int> = []
        private(set) var faults = RosterFaults()

        init(
            _ table: Table, _ manifest: Manifest, incomplete: Set<String>, file: String
        ) {
            self.table = table
            self.manifest = manifest
            self.incomplete = incomplete
            self.file = file
            mode = manifest.mode(table.name)
            references = Self.references(of: table)
        }

        /// The files that the rows of a file refer to.
        static func targets(of table: Table) -> Set<String> {
            Set(references(of: table).map(\.target))
        }

        private static func references(of table: Table) -> [Reference] {
            let own = table.extends.map {
                Reference(position: 0, name: table.columns[0].name, target: $0)
            }
            return [own].compactMap(\.self)
                + table.columns.enumerated().compactMap { position, column in
                    guard case .reference(let target, let isList, let demand) = column.kind else {
                        return nil
                    }
                    return Reference(
                        position: position, name: column.name, target: target, isList: isList,
                        demand: demand)
                }
        }

        mutating func take(_ row: borrowing Row, _ index: borrowing Index) {
            // What is wrong with the row itself is told already.
            guard row.fault == nil else { return }
            guard let width else { return width = row.count }
            // What goes may have been of something that is gone.
            guard row.count == width, !row.isDeletion else { return }
            for reference in references where !row[reference.position].isEmpty {
                let value = row[reference.position]
                for identifier in reference.isList ? Values.elements(value) : [value]
                where Values.isIdentifier(identifier) {
                    check(identifier, reference, row, index)
                }
            }
        }

        private mutating func check(
            _ identifier: ArraySlice<UInt8>, _ reference: Reference, _ row: borrowing Row,
            _ index: borrowing Index
        ) {
            let shown = String(decoding: identifier, as: UTF8.self).quotedForMessage
            func fault(_ code: Code, _ message: String) -> Fault {
                Fault(code, line: row.line, column: reference.name, message)
            }
            guard !incomplete.contains(reference.target) else { return }
            switch manifest.mode(reference.target) {
            case .absent where mode == .bulk:
                guard told.insert(reference.position).inserted else { return }
                let message =
                    "expected \(reference.target).csv, which has the row \(shown), got no such file"
                return faults.add(file, fault(.referenceAbsentFile, message))
            // A bulk file is complete by itself: what it refers to is in the package, of whichever mode.
            case .bulk where !index.has(identifier, in: reference.target),
                .delta where mode == .bulk && !index.has(identifier, in: reference.target):
                let message = "expected a row of \(reference.target).csv, got \(shown)"
                return faults.add(file, fault(.referenceMissing, message))
            default: break
            }
            guard let demand = reference.demand else { return }
            if let fault = self.fault(demand, identifier, reference, row, index) {
                faults.add(
                    file, Fault(fault.code, line: row.line, column: reference.name, fault.message))
            }
        }

        private func fault(
            _ demand: Column.Demand, _ identifier: ArraySlice<UInt8>, _ reference: Reference,
            _ row: borrowing Row, _ index: borrowing Index
        ) -> (code: Code, message: String)? {
            let key = IdentifierSet.key(identifier)
            let shown = String(decoding: identifier, as: UTF8.self).quotedForMessage
            // Of what the package does not have, nothing is known but that the receiver may have it.
            let isHere = index.has(identifier, in: reference.target)
            switch demand {
            case .school where isHere && !index.schools.contains(key):
                return (.semanticSchool, "expected an org of the type school, got \(shown)")
            case .schoolYear where isHere && !index.schoolYears.contains(key):
                return (
                    .semanticSchoolYear, "expected a session of the type schoolYear, got \(shown)"
                )
            case .profileOfUser where isHere && !hasProfile(identifier, row, index):
                return (.semanticProfile, "expected a profile of the same user, got \(shown)")
            case .placeOfRole where lacksRole(identifier, row, index):
                return (
                    .semanticPrimaryOrg,
                    "expected a row of roles.csv for the user there, got none for \(shown)"
                )
            default: return nil
            }
        }

        private func hasProfile(
            _ profile: ArraySlice<UInt8>, _ row: borrowing Row, _ index: borrowing Index
        ) -> Bool {
            let user = table.position(of: "userSourcedId").map { row[$0] } ?? []
            return index.profiles.contains(IdentifierSet.key(profile, user))
        }

        /// Only a file of all roles can tell.
        private func lacksRole(
            _ org: ArraySlice<UInt8>, _ row: borrowing Row, _ index: borrowing Index
        ) -> Bool {
            manifest.mode("roles") == .bulk && !incomplete.contains("roles")
                && !index.roles.contains(IdentifierSet.key(row[0], org))
        }
    }
}
