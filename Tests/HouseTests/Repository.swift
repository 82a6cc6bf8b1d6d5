import Foundation

/// The files of the repository that these tests are part of.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file below a directory of the root; binary files and hidden ones are left out.
    static func files(below directory: String) throws -> [SourceFile] {
        let base = root.appending(path: directory)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path)
        return paths.sorted().compactMap { path in
            guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
                let bytes = FileManager.default.contents(atPath: base.appending(path: path).path),
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            return SourceFile(path: "\(directory)/\(path)", text: text)
        }
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func folders(in directory: String) throws -> Set<String> {
        let base = root.appending(path: directory)
        let entries = try FileManager.default.contentsOfDirectory(
            at: base, includingPropertiesForKeys: [.isDirectoryKey], options: .skipsHiddenFiles)
        return try Set(
            entries
                .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
                .map(\.lastPathComponent))
    }
}
