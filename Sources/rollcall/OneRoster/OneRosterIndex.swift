extension OneRoster {
    /// What the rows of a package's files have to know of each other.
    struct Index {
        /// Of the files that others refer to, by their names.
        var identifiers: [String: IdentifierSet] = [:]
        var schools = IdentifierSet()
        var schoolYears = IdentifierSet()
        /// A user and an org each.
        var roles = IdentifierSet()
        var primaryRoles = IdentifierSet()
        /// A profile and its user each.
        var profiles = IdentifierSet()

        func has(_ identifier: ArraySlice<UInt8>, in file: String) -> Bool {
            identifiers[file]?.contains(IdentifierSet.key(identifier)) == true
        }

        /// Takes what a row of a file tells others.
        ///
        /// - Returns: a fault that only shows beside other rows.
        mutating func take(_ row: borrowing Row, of table: Table) -> Fault? {
            func field(_ name: String) -> ArraySlice<UInt8> {
                table.position(of: name).map { row[$0] } ?? []
            }
            switch table.name {
            case "orgs":
                let type = field("type")
                if type.elementsEqual("school".utf8) || Values.isExtension(type) {
                    schools.insert(IdentifierSet.key(row[0]))
                }
            case "academicSessions":
                let type = field("type")
                if type.elementsEqual("schoolYear".utf8) || Values.isExtension(type) {
                    schoolYears.insert(IdentifierSet.key(row[0]))
                }
            case "userProfiles":
                profiles.insert(IdentifierSet.key(row[0], field("userSourcedId")))
            case "roles":
                let user = field("userSourcedId")
                let org = field("orgSourcedId")
                let pair = IdentifierSet.key(user, org)
                roles.insert(pair)
                guard field("roleType").elementsEqual("primary".utf8), !primaryRoles.insert(pair)
                else { return nil }
                let user1 = String(decoding: user, as: UTF8.self).quotedForMessage
                let org1 = String(decoding: org, as: UTF8.self).quotedForMessage
                return Fault(
                    .semanticPrimaryRole, line: row.line, column: "roleType",
                    "expected one primary role of user \(user1) in org \(org1), got another")
            default: break
            }
            return nil
        }
    }
}
