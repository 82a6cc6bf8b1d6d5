extension OneRoster {
    /// What a package says of itself.
    struct Manifest {
        let version: Version
        /// Of the files that it knows a mode for.
        let modes: [String: Mode]

        func mode(_ file: String) -> Mode { modes[file] ?? .absent }
    }

    /// Takes the rows of `manifest.csv`.
    struct ManifestReader {
        private struct Property {
            let value: String
            let line: Int
        }

        private static let versionName = "manifest.version"
        private static let rosterVersionName = "oneroster.version"
        private static let optional = ["source.systemName", "source.systemCode"]

        private var properties: [String: Property] = [:]
        private var hasHeader = false
        private(set) var faults: [Fault] = []

        mutating func take(_ row: borrowing Row) {
            if let fault = row.fault { return faults.append(fault) }
            let line = row.line
            guard hasHeader else {
                hasHeader = true
                let header = (0..<row.count).map(row.string)
                if header != ["propertyName", "value"] {
                    let got = header.joined(separator: ",").quotedForMessage
                    faults.append(
                        Fault(
                            .manifestHeader, line: line, "expected propertyName,value, got \(got)"))
                }
                return
            }
            guard row.count == 2 else {
                let got = row.isBlank ? "an empty line" : "\(row.count)"
                return faults.append(
                    Fault(.manifestRow, line: line, "expected a property and its value, got \(got)")
                )
            }
            let name = row.string(0)
            // A manifest does not grow on properties that nobody knows.
            guard Self.isKnown(name) else {
                return faults.append(
                    Fault(
                        .manifestUnknownProperty, line: line,
                        "expected a property of OneRoster, got \(name.quotedForMessage)"))
            }
            if let first = properties[name] {
                return faults.append(
                    Fault(
                        .manifestDuplicateProperty, line: line, column: name,
                        "expected each property once, got it on line \(first.line) too"))
            }
            properties[name] = Property(value: row.string(1), line: line)
        }

        /// - Returns: nil where the version is not known, on which everything depends.
        mutating func finish() -> Manifest? {
            check(Self.versionName, ["1.0"], .manifestVersion, hint: " (spreadsheets make 1 of it)")
            let versions = Version.allCases.map(\.rawValue)
            check(Self.rosterVersionName, versions, .manifestVersion)
            guard
                let version = properties[Self.rosterVersionName]
                    .flatMap({ Version(rawValue: $0.value) })
            else { return nil }
            let files = OneRoster.fileNames(version)
            var modes: [String: Mode] = [:]
            for file in files {
                let name = "file.\(file)"
                check(name, Mode.allCases.map(\.rawValue), .manifestMode)
                modes[file] = properties[name].flatMap { Mode(rawValue: $0.value) }
            }
            let others = properties.filter { name, _ in
                name.hasPrefix("file.") && !files.contains(String(name.dropFirst(5)))
            }
            for (name, property) in others.sorted(by: { $0.value.line < $1.value.line }) {
                faults.append(
                    Fault(
                        .manifestUnknownProperty, line: property.line,
                        "expected a property of OneRoster \(version.rawValue), got "
                            + name.quotedForMessage))
            }
            return Manifest(version: version, modes: modes)
        }

        private mutating func check(
            _ name: String, _ values: [String], _ code: Code, hint: String = ""
        ) {
            let expected = values.joined(separator: " or ")
            guard let property = properties[name] else {
                return faults.append(
                    Fault(.manifestMissingProperty, column: name, "expected \(expected), got none"))
            }
            guard !values.contains(property.value) else { return }
            faults.append(
                Fault(
                    code, line: property.line, column: name,
                    "expected \(expected), got \(property.value.quotedForMessage)\(hint)"))
        }

        private static func isKnown(_ name: String) -> Bool {
            if name == versionName || name == rosterVersionName || optional.contains(name) {
                return true
            }
            return name.hasPrefix("file.")
                && OneRoster.fileNames(.v1p2).contains(String(name.dropFirst(5)))
        }
    }
}
