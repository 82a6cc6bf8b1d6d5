/// Packages of the OneRoster CSV binding, as schools' systems write them.
enum OneRoster {
    enum Version: String, CaseIterable, Sendable {
        case v1p1 = "1.1"
        case v1p2 = "1.2"
    }

    /// What the manifest says of a file.
    enum Mode: String, CaseIterable, Sendable {
        /// It is not there.
        case absent
        /// All that there is.
        case bulk
        /// What has changed.
        case delta
    }

    static let manifestName = "manifest"

    /// The files of a package besides its manifest, by their names without `.csv`.
    static func fileNames(_ version: Version) -> [String] {
        let first = [
            "academicSessions", "categories", "classes", "classResources", "courses",
            "courseResources", "demographics", "enrollments", "lineItems", "orgs", "resources",
            "results", "users",
        ]
        guard version == .v1p2 else { return first }
        return first + [
            "lineItemLearningObjectiveIds", "lineItemScoreScales", "resultLearningObjectiveIds",
            "resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources",
        ]
    }
}
