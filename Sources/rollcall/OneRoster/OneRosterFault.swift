extension OneRoster {
    /// Something that the binding does not allow; any of them refuses the package.
    struct Fault: Error {
        let code: Code
        /// The physical line, where it is one line's fault.
        var line: Int?
        /// The column's or the property's name, or where it has none its number.
        var column: String?
        /// What was expected, and what is there instead.
        let message: String

        init(_ code: Code, line: Int? = nil, column: String? = nil, _ message: String) {
            self.code = code
            self.line = line
            self.column = column
            self.message = message
        }

        /// As it is told behind file and line.
        var text: String {
            "\(code.rawValue): \(column.map { "\($0): " } ?? "")\(message)"
        }
    }

    enum Code: String, CaseIterable {
        case packageArchive = "package.archive"
        case packageSize = "package.size"
        case packageFile = "package.file"
        case packageDuplicate = "package.duplicate"

        case manifestMissing = "manifest.missing"
        case manifestHeader = "manifest.header"
        case manifestRow = "manifest.row"
        case manifestVersion = "manifest.version"
        case manifestMode = "manifest.mode"
        case manifestDuplicateProperty = "manifest.duplicate-property"
        case manifestUnknownProperty = "manifest.unknown-property"
        case manifestMissingProperty = "manifest.missing-property"
        case manifestMissingFile = "manifest.missing-file"
        case manifestUnlistedFile = "manifest.unlisted-file"

        case csvEncoding = "csv.encoding"
        case csvNull = "csv.nul"
        case csvLineEnd = "csv.line-end"
        case csvLineBreak = "csv.line-break"
        case csvQuote = "csv.quote"
        case csvLength = "csv.length"

        case tableEmpty = "table.empty"
        case tableHeader = "table.header"
        case tableColumnName = "table.column-name"
        case tableExtension = "table.extension"
        case tableNoRows = "table.no-rows"

        case rowWidth = "row.width"
        case rowRequired = "row.required"
        case rowNotBlank = "row.not-blank"
        case rowStatus = "row.status"
        case rowTimestamp = "row.timestamp"
        case rowIdentifier = "row.identifier"
        case rowDuplicate = "row.duplicate"
        case rowDate = "row.date"
        case rowYear = "row.year"
        case rowBoolean = "row.boolean"
        case rowChoice = "row.choice"
        case rowList = "row.list"
        case rowUserIDs = "row.user-ids"
        case rowSubjects = "row.subjects"

        case referenceMissing = "reference.missing"
        case referenceAbsentFile = "reference.absent-file"

        case semanticSchool = "semantic.school"
        case semanticSchoolYear = "semantic.school-year"
        case semanticPrimaryRole = "semantic.primary-role"
        case semanticPrimaryOrg = "semantic.primary-org"
        case semanticProfile = "semantic.profile"
    }
}
