import Jobs

extension OneRoster {
    /// Checks a package as the binding says, file by file and then across files.
    ///
    /// It reads each file once, and once more those whose rows refer to others; it has a line of a
    /// file in memory, and a hash of each identifier.
    struct Check {
        private let package: Package
        /// The most bytes of a line.
        private let lineBytes: Int
        private let progress: ProgressLine
        private var bytesBefore = 0
        private var index = Index()
        /// Files whose columns are not where they should be.
        private var unreadable: Set<String> = []
        /// Files of which rows are missing: nothing is said of references to them.
        private var incomplete: Set<String> = []
        private(set) var faults: RosterFaults
        /// Nil while it is not read, and of a package that does not say which version it is.
        private(set) var manifest: Manifest?

        init(_ package: Package, lineBytes: Int) {
            self.package = package
            self.lineBytes = lineBytes
            faults = package.faults
            // Most of it is read twice.
            let bytes = package.files.values.reduce(0) { $0 + 2 * ($1.version?.bytes ?? 0) }
            progress = ProgressLine("checking the package", total: bytes, unit: .bytes)
        }

        mutating func run() throws {
            defer { progress.clear() }
            guard let manifest = try readManifest() else { return }
            self.manifest = manifest
            let files = present(manifest)
            let tables = files.map { OneRoster.table($0, manifest.version) }
            let targets = tables.reduce(into: Set<String>()) {
                $0.formUnion(ReferenceCheck.targets(of: $1))
            }
            for table in tables {
                try checkRows(table, manifest, isTarget: targets.contains(table.name))
            }
            for table in tables where !unreadable.contains(table.name) {
                guard !ReferenceCheck.targets(of: table).isEmpty else { continue }
                try checkReferences(table, manifest)
            }
        }

        private mutating func readManifest() throws -> Manifest? {
            let name = OneRoster.manifestName
            guard let input = package.files[name] else {
                // Why the files of a zip were not unpacked is told already.
                if faults.count == 0 || !package.files.isEmpty {
                    faults.add(
                        package.name,
                        Fault(.manifestMissing, "expected manifest.csv in it, got none"))
                }
                return nil
            }
            var reader = ManifestReader()
            try forEachRow(of: name, input) { reader.take($0) }
            let manifest = reader.finish()
            for fault in reader.faults { faults.add(package.shown(name), fault) }
            return manifest
        }

        /// The files that the manifest says are there and that are.
        private mutating func present(_ manifest: Manifest) -> [String] {
            let known = OneRoster.fileNames(manifest.version)
            let others = package.files.keys.filter {
                $0 != OneRoster.manifestName && !known.contains($0)
            }
            for file in others.sorted() {
                faults.add(
                    package.name,
                    Fault(
                        .packageFile,
                        "expected only files of OneRoster \(manifest.version.rawValue), got "
                            + "\"\(file).csv\""))
            }
            return known.sorted().filter { file in
                let isHere = package.files[file] != nil
                switch manifest.modes[file] {
                case .absent where isHere:
                    faults.add(
                        package.shown(file),
                        Fault(
                            .manifestUnlistedFile,
                            "expected no such file, as the manifest says, got one"))
                    return false
                case .bulk where !isHere, .delta where !isHere:
                    incomplete.insert(file)
                    faults.add(
                        package.shown(file),
                        Fault(
                            .manifestMissingFile,
                            "expected the file, as the manifest says, got none"))
                    return false
                case nil, .absent: return false
                default: return true
                }
            }
        }

        private mutating func checkRows(
            _ table: Table, _ manifest: Manifest, isTarget: Bool
        ) throws {
            guard let input = package.files[table.name] else { return }
            var check = TableCheck(
                table, manifest.mode(table.name), manifest.version, file: package.shown(table.name))
            var index = Index()
            swap(&index, &self.index)
            defer { swap(&index, &self.index) }
            try forEachRow(of: table.name, input) { check.take($0, &index) }
            check.finish()
            faults.add(check.faults)
            if !check.isReadable { unreadable.insert(table.name) }
            if !check.isReadable || !check.isComplete { incomplete.insert(table.name) }
            if isTarget { index.identifiers[table.name] = check.identifiers }
        }

        private mutating func checkReferences(_ table: Table, _ manifest: Manifest) throws {
            guard let input = package.files[table.name] else { return }
            var check = ReferenceCheck(
                table, manifest, incomplete: incomplete, file: package.shown(table.name))
            let index = index
            try forEachRow(of: table.name, input) { check.take($0, index) }
            faults.add(check.faults)
        }

        private mutating func forEachRow(
            of file: String, _ input: InputFile, _ body: (borrowing Row) throws -> Void
        ) throws {
            try input.rewind()
            var reader = Reader(lineBytes: lineBytes)
            do {
                try EncodedText(input, .utf8).read { piece, bytesRead in
                    try reader.read(piece, body)
                    progress.update(bytesBefore + bytesRead)
                }
                try reader.finish(body)
            } catch let fault as RosterFileFault {
                faults.add(
                    package.shown(file), Fault(.csvEncoding, line: fault.line, fault.message))
            }
            bytesBefore += input.version?.bytes ?? 0
        }
    }
}
