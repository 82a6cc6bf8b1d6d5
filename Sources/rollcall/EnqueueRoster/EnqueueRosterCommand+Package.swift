import ArgumentParser
import Catalog
import Foundation
import Jobs

/// OneRoster packages: they are checked as a whole, and what the roster takes of them is sent.
extension EnqueueRosterCommand {
    /// The files that the roster takes, in the order of the catalog.
    func package(_ reading: RosterReading, _ settings: Settings) throws -> [RosterFile] {
        let wanted = try catalogFiles(settings)
        let (package, manifest) = try checkedPackage(reading, settings)
        let present = manifest.modes.filter { $0.value != .absent }.keys.sorted()
        let others = present.filter { name in !wanted.contains { $0.name == name } }
        if !others.isEmpty {
            complain("\(roster) does not take \(others.joined(separator: ", ")); left out")
        }
        let taken = wanted.filter { present.contains($0.name) }
        guard !taken.isEmpty else {
            complain(
                "nothing to send: the package has no updates for "
                    + wanted.map(\.name).joined(separator: ", "))
            throw ExitCode.success
        }
        let delta = taken.filter { manifest.mode($0.name) == .delta && $0.assigns }
        if exact, !delta.isEmpty {
            complain(
                "--exact: expected bulk files, which list everybody, got delta of "
                    + delta.map(\.name).joined(separator: ", "))
            throw ExitCode.wrongUsage
        }
        return taken.compactMap { file in
            package.files[file.name].map { RosterFile($0, name: file.name, reading) }
        }
    }

    private func checkedPackage(
        _ reading: RosterReading, _ settings: Settings
    ) throws -> (OneRoster.Package, OneRoster.Manifest) {
        var faults = RosterFaults()
        do {
            let package = try OneRoster.Package(files[0], fileBytes: settings.roster.fileBytes)
            var check = OneRoster.Check(package, lineBytes: reading.partBytes)
            try check.run()
            faults = check.faults
            if let manifest = check.manifest, faults.count == 0 { return (package, manifest) }
        } catch let fault as OneRoster.Fault {
            faults.add(files[0], fault)
        }
        throw faults.report()
    }

    /// The files that the roster consists of.
    private func catalogFiles(_ settings: Settings) throws -> [Roster.File] {
        let rosters = try CatalogFiles.read(settings).rosters
        guard let known = rosters[roster] else {
            complain(
                "--roster: expected \(rosters.keys.sorted().joined(separator: " or ")), got "
                    + roster.quotedForMessage)
            throw ExitCode.wrongUsage
        }
        guard known.files.allSatisfy({ !$0.name.isEmpty }) else {
            complain(
                "--roster: expected a roster with files: for a package of several, got "
                    + "\(roster.quotedForMessage), which takes one")
            throw ExitCode.wrongUsage
        }
        return known.files
    }
}

extension Roster.File {
    /// Its rows are members of something, who go when an exact import does not list them.
    fileprivate var assigns: Bool {
        steps.contains { if case .assign(let step) = $0 { !step.isRemoval } else { false } }
    }
}
