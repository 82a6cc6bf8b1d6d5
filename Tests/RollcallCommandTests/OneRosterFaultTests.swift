import Testing

@testable import rollcall

/// A valid package, broken in one place: what is told, and that nothing else is.
@Suite struct OneRosterFaultTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let expected: [String]
        var delta = false
        var version = OneRoster.Version.v1p2
        let breaks: @Sendable (inout OneRosterSample) -> Void

        init(
            _ expected: String..., delta: Bool = false, version: OneRoster.Version = .v1p2,
            _ breaks: @escaping @Sendable (inout OneRosterSample) -> Void
        ) {
            self.expected = expected
            self.delta = delta
            self.version = version
            self.breaks = breaks
        }

        var testDescription: String { expected.first ?? "" }
    }

    @Test("each fault is told with its code and place, and alone", arguments: cases)
    func broken(_ test: Case) throws {
        var sample = test.version == .v1p1 ? OneRosterSample.v1p1 : OneRosterSample()
        if test.delta { sample.makeDelta() }
        #expect(try OneRosterDesk().faults(sample) == [])
        test.breaks(&sample)
        #expect(try OneRosterDesk().faults(sample) == test.expected)
    }

    @Test("no fault is without a test")
    func allCodes() {
        let tested = Self.cases.flatMap(\.expected) + OneRosterZipTests.expectations
        let untested = OneRoster.Code.allCases.filter { code in
            !tested.contains { $0.contains("\(code.rawValue): ") }
        }
        #expect(untested == [])
    }

    static let cases = manifests + texts + tables + values + references + semantics

    private static let manifests = [
        Case("manifest.missing: expected manifest.csv in it, got none") {
            $0.hasManifest = false
        },
        Case("manifest.csv:1: manifest.header: expected propertyName,value, got \"name,value\"") {
            $0.change("manifest", 1, "propertyName", "name")
        },
        Case("manifest.csv:25: manifest.row: expected a property and its value, got 3") {
            $0.change("manifest", 25, "Sample SIS", "Sample,SIS")
        },
        Case(
            "manifest.csv:2: manifest.version: manifest.version: expected 1.0, got \"1\" "
                + "(spreadsheets make 1 of it)"
        ) { $0.change("manifest", 2, "1.0", "1") },
        Case(
            "manifest.csv:3: manifest.version: oneroster.version: expected 1.1 or 1.2, got "
                + "\"1.0\""
        ) { $0.change("manifest", 3, "1.2", "1.0") },
        Case(
            "manifest.csv:10: manifest.mode: file.demographics: expected absent or bulk or delta, "
                + "got \"Bulk\""
        ) { $0.change("manifest", 10, "bulk", "Bulk") },
        Case(
            "manifest.csv:26: manifest.duplicate-property: file.users: expected each property "
                + "once, got it on line 16 too"
        ) { $0.add("manifest", "file.users,delta") },
        Case(
            "manifest.csv:26: manifest.unknown-property: expected a property of OneRoster, got "
                + "\"file.teachers\""
        ) { $0.add("manifest", "file.teachers,absent") },
        Case(
            "manifest.csv:18: manifest.unknown-property: expected a property of OneRoster 1.1, got "
                + "\"file.roles\"", version: .v1p1
        ) { $0.add("manifest", "file.roles,absent") },
        Case(
            "manifest.csv: manifest.missing-property: file.results: expected absent or bulk or "
                + "delta, got none"
        ) { $0.manifest = $0.manifestLines.filter { $0 != "file.results,absent" } },
        Case(
            "results.csv: manifest.missing-file: expected the file, as the manifest says, got none"
        ) { $0.modes["results"] = .bulk },
        Case(
            "results.csv: manifest.unlisted-file: expected no such file, as the manifest says, got "
                + "one"
        ) { $0.files["results"] = ["sourcedId,status,dateLastModified", "x,,"] },
        Case("package.file: expected only files of OneRoster, in no folder, got \"Users.csv\"") {
            $0.files["Users"] = $0.files["users"]
        },
        Case(
            "package.file: expected only files of OneRoster 1.1, got \"roles.csv\"", version: .v1p1
        ) { $0.files["roles"] = ["x"] },
    ]

    private static let texts = [
        Case(
            "lineItems.csv:2: csv.nul: column 4: expected text without NUL, got a NUL byte"
        ) { $0.change("lineItems", 2, "Test", "Te\0st") },
        Case(
            "lineItems.csv:1: csv.line-end: column 6: expected CRLF or LF at the end, got CR alone"
        ) { $0.files["lineItems"] = [($0.files["lineItems"] ?? []).joined(separator: "\r")] },
        Case(
            "orgs.csv:3: csv.line-break: column 4: expected a closing quote on the same line, got "
                + "the line's end"
        ) {
            $0.change("orgs", 3, "Upper", "\nUp\"\"per,")
        },
        Case(
            "users.csv:2: csv.quote: column 8: expected quotes around the whole field, got one "
                + "within it"
        ) { $0.change("users", 2, "O'Lee", "O\"Lee") },
        Case(
            "users.csv:3: csv.quote: column 8: expected a comma or the end of the line behind a "
                + "closing quote"
        ) { $0.change("users", 3, "Jr.\"", "\"Jr.") },
        Case(
            "lineItems.csv:2: csv.length: column 1: expected a line of at most 4096 bytes, got more"
        ) { $0.change("lineItems", 2, "Test", String(repeating: "x", count: 5_000)) },
    ]

    private static let tables = [
        Case("lineItems.csv: table.empty: expected columns and rows, got an empty file") {
            $0.files["lineItems"] = []
        },
        Case("orgs.csv:1: table.header: column 2: expected status, got \"Status\"") {
            $0.change("orgs", 1, "status", "Status")
        },
        Case("orgs.csv:1: table.header: column 7: expected parentSourcedId, got none") {
            $0.change("orgs", 1, ",parentSourcedId", "")
        },
        Case(
            "courses.csv:1: table.extension: column 11: expected metadata. and a name, got \"color\""
        ) { $0.change("courses", 1, "metadata.color", "color") },
        Case("courses.csv:1: table.column-name: column 11: expected a name, got none") {
            $0.change("courses", 1, "metadata.color", "")
        },
        Case(
            "lineItems.csv:1: table.column-name: column 5: expected each name once, got \"title\" "
                + "again"
        ) { $0.change("lineItems", 1, "anything", "title") },
        Case("lineItems.csv: table.no-rows: expected at least one row, got only the columns' names")
        { $0.files["lineItems"]?.removeLast() },
    ]

    private static let identifier =
        "expected an identifier of at most 255 letters, digits and . / @ _ -"

    private static let values = [
        Case("lineItems.csv:2: row.width: expected 5 fields, got 6") {
            $0.change("lineItems", 2, "Test", "Te,st")
        },
        Case("lineItems.csv:3: row.width: expected 5 fields, got an empty line") {
            $0.add("lineItems", "")
        },
        Case("users.csv:2: row.required: username: expected a value, got none") {
            $0.change("users", 2, "tlee", "")
        },
        Case(
            "enrollments.csv:2: row.not-blank: status: expected none in a bulk file, got \"active\""
        ) { $0.change("enrollments", 2, "e0,,", "e0,active,") },
        Case(
            "enrollments.csv:2: row.not-blank: dateLastModified: expected none in a bulk file, got "
                + "\"x\""
        ) { $0.change("enrollments", 2, "e0,,", "e0,,x") },
        Case("enrollments.csv:2: row.required: status: expected a value, got none", delta: true) {
            $0.change("enrollments", 2, "active", "")
        },
        Case(
            "enrollments.csv:2: row.required: dateLastModified: expected a value, got none",
            delta: true
        ) { $0.change("enrollments", 2, "2026-11-20T08:30:00.000Z", "") },
        Case(
            "enrollments.csv:2: row.status: status: expected active or tobedeleted, got "
                + "\"inactive\"", delta: true
        ) { $0.change("enrollments", 2, "active", "inactive") },
        Case(
            "enrollments.csv:2: row.status: status: expected active or inactive or tobedeleted, got "
                + "\"Active\"", delta: true, version: .v1p1
        ) { $0.change("enrollments", 2, "active", "Active") },
        Case(
            "lineItems.csv:2: row.timestamp: dateLastModified: expected a time such as "
                + "2027-01-31T12:00:00.000Z, got \"2026-11-20T08:30:00Z\"", delta: true
        ) { $0.change("lineItems", 2, ".000Z", "Z") },
        Case(
            "lineItems.csv:2: row.timestamp: dateLastModified: expected a time such as "
                + "2027-01-31T12:00:00.000Z, got \"2026-11-20T24:30:00.000Z\"", delta: true
        ) { $0.change("lineItems", 2, "T08", "T24") },
        Case("lineItems.csv:2: row.identifier: sourcedId: \(identifier), got \"l i1\"") {
            $0.change("lineItems", 2, "li1", "l i1")
        },
        Case(
            "users.csv:3: row.identifier: agentSourcedIds: \(identifier) each, separated by commas, "
                + "got \"t1,\""
        ) { $0.change("users", 3, ",t1,", ",\"t1,\",") },
        Case(
            "lineItems.csv:3: row.duplicate: sourcedId: expected an identifier of its own, got "
                + "\"li1\" again"
        ) { $0.add("lineItems", "li1,,,Test,x") },
        Case(
            "enrollments.csv:3: row.date: endDate: expected a date such as 2027-01-31, got "
                + "\"2027-02-29\""
        ) { $0.change("enrollments", 3, "2028-02-29", "2027-02-29") },
        Case(
            "enrollments.csv:3: row.date: beginDate: expected a date such as 2027-01-31, got "
                + "\"8/15/2026\""
        ) { $0.change("enrollments", 3, "2026-08-15", "8/15/2026") },
        Case(
            "academicSessions.csv:2: row.year: schoolYear: expected a year of four digits, got "
                + "\"27\""
        ) { $0.change("academicSessions", 2, ",,2027", ",,27") },
        Case("users.csv:2: row.boolean: enabledUser: expected true or false, got \"TRUE\"") {
            $0.change("users", 2, "true", "TRUE")
        },
        Case(
            "classes.csv:2: row.choice: classType: expected homeroom, scheduled or ext: and a word, "
                + "got \"Scheduled\""
        ) { $0.change("classes", 2, "scheduled", "Scheduled") },
        Case(
            "classes.csv:2: row.choice: classType: expected homeroom, scheduled or ext: and a word, "
                + "got \"ext:\""
        ) { $0.change("classes", 2, "scheduled", "ext:") },
        Case(
            "users.csv:2: row.choice: role: expected administrator, aide, guardian, parent, "
                + "proctor, relative, student, teacher or ext: and a word, got \"principal\"",
            version: .v1p1
        ) { $0.change("users", 2, "teacher", "principal") },
        Case(
            "courses.csv:2: row.list: grades: expected values separated by commas, none of them "
                + "empty, got \"09,,10\""
        ) { $0.change("courses", 2, "09,10", "09,,10") },
        Case(
            "users.csv:3: row.user-ids: userIds: expected {type:id}, several separated by commas, "
                + "got \"{LDAP:zoe},{SIS7}\""
        ) { $0.change("users", 3, "SIS:7", "SIS7") },
        Case(
            "courses.csv:2: row.subjects: subjectCodes: expected as many as subjects, 2, got 1"
        ) { $0.change("courses", 2, "\"MUS,ART\"", "MUS") },
    ]

    private static let references = [
        Case(
            "enrollments.csv:4: reference.missing: userSourcedId: expected a row of users.csv, got "
                + "\"u3\""
        ) { $0.change("enrollments", 4, "u2", "u3") },
        Case(
            "classes.csv:2: reference.missing: termSourcedIds: expected a row of "
                + "academicSessions.csv, got \"spring\""
        ) { $0.change("classes", 2, "fall26", "spring") },
        Case(
            "demographics.csv:2: reference.missing: sourcedId: expected a row of users.csv, got "
                + "\"u9\""
        ) { $0.change("demographics", 2, "u1", "u9") },
        Case(
            "users.csv:2: reference.missing: orgSourcedIds: expected a row of orgs.csv, got \"d2\"",
            version: .v1p1
        ) { $0.change("users", 2, "d1", "d2") },
        Case(
            "enrollments.csv:2: reference.missing: userSourcedId: expected a row of users.csv, got "
                + "\"t2\""
        ) {
            // A file of all users knows better than one of changes.
            $0.makeDelta("enrollments")
            $0.change("enrollments", 2, "t1", "t2")
        },
        Case(
            "classes.csv:2: reference.absent-file: courseSourcedId: expected courses.csv, which has "
                + "the row \"c1\", got no such file"
        ) {
            $0.add("classes", "k2,,,Band P2,09,c1,,scheduled,,s1,fall26,,,2")
            $0.files["courses"] = nil
            $0.modes["courses"] = nil
        },
    ]

    private static let semantics = [
        Case(
            "classes.csv:2: semantic.school: schoolSourcedId: expected an org of the type school, "
                + "got \"d1\""
        ) { $0.change("classes", 2, "s1", "d1") },
        Case(
            "courses.csv:2: semantic.school-year: schoolYearSourcedId: expected a session of the "
                + "type schoolYear, got \"fall26\""
        ) { $0.change("courses", 2, "sy26", "fall26") },
        Case(
            "roles.csv:5: semantic.primary-role: roleType: expected one primary role of user \"u2\" "
                + "in org \"s1\", got another"
        ) { $0.change("roles", 5, "secondary", "primary") },
        Case(
            "users.csv:2: semantic.primary-org: primaryOrgSourcedId: expected a row of roles.csv for "
                + "the user there, got none for \"d1\""
        ) { $0.change("users", 2, "s1", "d1") },
        Case(
            "roles.csv:4: semantic.profile: userProfileSourcedId: expected a profile of the same "
                + "user, got \"p1\""
        ) { $0.change("roles", 4, "s1,", "s1,p1") },
    ]
}
