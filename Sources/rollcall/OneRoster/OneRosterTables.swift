/// The columns of the files that people and classes are in.
extension OneRoster {
    /// A file's columns; of files whose columns are not listed here the first three.
    static func table(_ name: String, _ version: Version) -> Table {
        if version == .v1p1, name == "users" { return users1p1 }
        if let table = tables.first(where: { $0.name == name }) { return table }
        var table = Table(name)
        table.isComplete = false
        return table
    }

    private static let org = Column.Kind.reference(to: "orgs", isList: false)
    private static let school = Column.Kind.reference(to: "orgs", isList: false, .school)
    private static let user = Column.Kind.reference(to: "users", isList: false)

    private static let tables = [
        Table(
            "academicSessions",
            .required("title"),
            .required("type", .choice(["gradingPeriod", "semester", "schoolYear", "term"])),
            .required("startDate", .date),
            .required("endDate", .date),
            .optional("parentSourcedId", .reference(to: "academicSessions", isList: false)),
            .required("schoolYear", .year)),
        Table(
            "orgs",
            .required("name"),
            .required(
                "type",
                .choice(["department", "school", "district", "local", "state", "national"])),
            .optional("identifier"),
            .optional("parentSourcedId", org)),
        Table(
            "courses",
            .optional(
                "schoolYearSourcedId",
                .reference(to: "academicSessions", isList: false, .schoolYear)),
            .required("title"),
            .optional("courseCode"),
            .optional("grades", .list),
            .required("orgSourcedId", org),
            .optional("subjects", .list),
            .optional("subjectCodes", .list)),
        Table(
            "classes",
            .required("title"),
            .optional("grades", .list),
            .required("courseSourcedId", .reference(to: "courses", isList: false)),
            .optional("classCode"),
            .required("classType", .choice(["homeroom", "scheduled"])),
            .optional("location"),
            .required("schoolSourcedId", school),
            .required("termSourcedIds", .reference(to: "academicSessions", isList: true)),
            .optional("subjects", .list),
            .optional("subjectCodes", .list),
            .optional("periods", .list)),
        Table(
            "users",
            [
                .required("enabledUser", .boolean),
                .required("username"),
            ] + person + [
                .optional("userMasterIdentifier"),
                .optional("preferredGivenName"),
                .optional("preferredMiddleName"),
                .optional("preferredFamilyName"),
                .optional(
                    "primaryOrgSourcedId", .reference(to: "orgs", isList: false, .placeOfRole)),
                .optional("pronouns"),
            ]),
        Table(
            "roles",
            .required("userSourcedId", user),
            .required("roleType", .choice(["primary", "secondary"])),
            .required(
                "role",
                .choice([
                    "aide", "counselor", "districtAdministrator", "guardian", "parent",
                    "principal", "proctor", "relative", "siteAdministrator", "student",
                    "systemAdministrator", "teacher",
                ])),
            .optional("beginDate", .date),
            .optional("endDate", .date),
            .required("orgSourcedId", org),
            .optional(
                "userProfileSourcedId",
                .reference(to: "userProfiles", isList: false, .profileOfUser))),
        Table(
            "enrollments",
            .required("classSourcedId", .reference(to: "classes", isList: false)),
            .required("schoolSourcedId", school),
            .required("userSourcedId", user),
            .required("role", .choice(["administrator", "proctor", "student", "teacher"])),
            .optional("primary", .boolean),
            .optional("beginDate", .date),
            .optional("endDate", .date)),
        Table(
            "demographics", extends: "users",
            .optional("birthDate", .date),
            .optional("sex", .choice(["male", "female", "unspecified", "other"])),
            .optional("americanIndianOrAlaskaNative", .boolean),
            .optional("asian", .boolean),
            .optional("blackOrAfricanAmerican", .boolean),
            .optional("nativeHawaiianOrOtherPacificIslander", .boolean),
            .optional("white", .boolean),
            .optional("demographicRaceTwoOrMoreRaces", .boolean),
            .optional("hispanicOrLatinoEthnicity", .boolean),
            .optional("countryOfBirthCode"),
            .optional("stateOfBirthAbbreviation"),
            .optional("cityOfBirth"),
            .optional("publicSchoolResidenceStatus")),
        Table(
            "userProfiles",
            .required("userSourcedId", user),
            .required("profileType"),
            .required("vendorId"),
            .optional("applicationId"),
            .optional("description"),
            .required("credentialType"),
            .required("username"),
            .optional("password")),
    ]

    /// In 1.1 a user has one role, and orgs instead of rows in a file of roles.
    private static let users1p1 = Table(
        "users",
        [
            .required("enabledUser", .boolean),
            .required("orgSourcedIds", .reference(to: "orgs", isList: true)),
            .required(
                "role",
                .choice([
                    "administrator", "aide", "guardian", "parent", "proctor", "relative",
                    "student", "teacher",
                ])),
            .required("username"),
        ] + person)

    private static let person: [Column] = [
        .optional("userIds", .userIDs),
        .required("givenName"),
        .required("familyName"),
        .optional("middleName"),
        .optional("identifier"),
        .optional("email"),
        .optional("sms"),
        .optional("phone"),
        .optional("agentSourcedIds", .reference(to: "users", isList: true)),
        .optional("grades", .list),
        .optional("password"),
    ]
}
