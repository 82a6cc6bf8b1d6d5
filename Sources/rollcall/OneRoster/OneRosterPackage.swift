import Foundation
import Jobs

extension OneRoster {
    /// The files of a package, out of a folder or a zip.
    struct Package {
        /// As people call it.
        let name: String
        /// By their names without `.csv`.
        private(set) var files: [String: InputFile] = [:]
        private(set) var faults = RosterFaults()

        /// Opens the files of a folder, or unpacks those of a zip.
        ///
        /// - Parameter fileBytes: the most bytes of a file; of a zip, those of all its files together.
        /// - Throws: `FileError` for what cannot be read, ``Fault`` for a zip that is none.
        init(_ path: String, fileBytes: Int) throws {
            name = path.hasSuffix("/") ? String(path.dropLast()) : path
            if Self.isFolder(path) {
                let names: [String]
                do {
                    names = try FileManager.default.contentsOfDirectory(atPath: path)
                } catch {
                    throw FileError(name: path, reason: error.localizedDescription)
                }
                for stem in stems(of: names.sorted()) {
                    let file = try InputFile(shown(stem))
                    if let bytes = file.version?.bytes, bytes > fileBytes {
                        throw Fault(
                            .packageSize,
                            "expected at most \(ByteCount.text(fileBytes)) in a file, got "
                                + "\(NumberText.grouped(bytes)) in \(stem).csv")
                    }
                    files[stem] = file
                }
                return
            }
            let archive = try ZipArchive(path)
            var room = fileBytes
            // What is no package is not unpacked.
            let stems = stems(of: try archive.names())
            guard faults.count == 0 else { return }
            for stem in stems {
                let file = try archive.extract("\(stem).csv", atMost: room)
                room -= file.version?.bytes ?? 0
                guard room >= 0 else {
                    throw Fault(
                        .packageSize,
                        "expected at most \(ByteCount.text(fileBytes)) when unpacked, got more")
                }
                files[stem] = file
            }
        }

        /// Whether it is a package as a whole and not one of its files.
        static func isPackage(_ path: String) -> Bool {
            path.lowercased().hasSuffix(".zip") || isFolder(path)
        }

        private static func isFolder(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && isFolder.boolValue
        }

        /// A file as people call it.
        func shown(_ stem: String) -> String { "\(name)/\(stem).csv" }

        /// The names without `.csv`, each once; what has no business here is a fault.
        private mutating func stems(of names: [String]) -> [String] {
            var stems: [String] = []
            let known = Set(OneRoster.fileNames(.v1p2) + [OneRoster.manifestName])
            // What systems leave in folders for themselves, such as .DS_Store.
            for name in names where !name.hasPrefix(".") || name.contains("/") {
                let stem = String(name.dropLast(4))
                guard name.hasSuffix(".csv"), known.contains(stem) else {
                    faults.add(
                        self.name,
                        Fault(
                            .packageFile,
                            "expected only files of OneRoster, in no folder, got "
                                + name.quotedForMessage))
                    continue
                }
                guard !stems.contains(stem) else {
                    faults.add(
                        self.name,
                        Fault(.packageDuplicate, "expected each file once, got \(name) again"))
                    continue
                }
                stems.append(stem)
            }
            return stems
        }
    }
}
