import Foundation
import Testing

@testable import rollcall

/// Checks packages as `enqueue` does.
struct OneRosterDesk {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What is wrong with a package; the paths before its files' names are left out.
    func faults(_ sample: OneRosterSample) throws -> [String] {
        try faults(sample.contents())
    }

    func faults(_ contents: [(name: String, bytes: [UInt8])]) throws -> [String] {
        try faults(at: try OneRosterSample.write(contents, in: folder))
    }

    func faults(at path: String, fileBytes: Int = 1 << 30, lineBytes: Int = 4_096) throws
        -> [String]
    {
        var faults = RosterFaults()
        do {
            let package = try OneRoster.Package(path, fileBytes: fileBytes)
            var check = OneRoster.Check(package, lineBytes: lineBytes)
            try check.run()
            faults = check.faults
        } catch let fault as OneRoster.Fault {
            faults.add(path, fault)
        }
        let shown = faults.first.map { fault in
            let rest = fault.dropFirst(path.count)
            return String(rest.first == "/" ? rest.dropFirst() : rest.dropFirst(2))
        }
        return shown
            + (faults.count > shown.count ? ["and \(faults.count - shown.count) more"] : [])
    }

    func zip(_ entries: [OneRosterZip.Entry]) throws -> String {
        let path = "\(folder.path)/\(UUID().uuidString).zip"
        try Data(OneRosterZip.bytes(entries)).write(to: URL(filePath: path))
        return path
    }
}
