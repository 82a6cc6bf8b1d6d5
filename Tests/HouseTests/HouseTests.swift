import Testing

@Suite struct HouseTests {
    @Test("no room imports what is above or beside it")
    func imports() throws {
        let files = try Repository.files(below: "Sources").filter { $0.path.hasSuffix(".swift") }
        #expect(files.count > 50)
        expectNone(ImportCheck.violations(in: files))
    }

    @Test("Package.swift and the table of rooms say the same")
    func manifest() throws {
        let manifest = Manifest(try Repository.text(of: "Package.swift"))
        #expect(manifest.targets.count > 20)
        expectNone(
            ManifestCheck.violations(
                in: manifest, folders: try Repository.folders(in: "Sources"),
                testFolders: try Repository.folders(in: "Tests")))
    }

    @Test("no file is over 500 lines", arguments: ["Sources", "Tests"])
    func length(directory: String) throws {
        expectNone(TextCheck.tooLong(try Repository.files(below: directory)))
    }

    @Test("every unchecked conformance has its reason above it", arguments: ["Sources", "Tests"])
    func unchecked(directory: String) throws {
        let files = try Repository.files(below: directory).filter { $0.path.hasSuffix(".swift") }
        expectNone(TextCheck.unreasonedConformances(files))
    }

    @Test("nothing is left to do", arguments: ["Sources", "Tests", "Config", "Deploy"])
    func unfinished(directory: String) throws {
        expectNone(TextCheck.unfinishedWork(try Repository.files(below: directory)))
    }

    private func expectNone(
        _ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for violation in violations {
            Issue.record("\(violation)", sourceLocation: sourceLocation)
        }
    }
}
