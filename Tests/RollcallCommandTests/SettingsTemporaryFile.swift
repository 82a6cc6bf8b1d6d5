import Foundation

/// A file of settings that goes away with its test.
final class TemporaryFile: Sendable {
    let path: String

    /// The folder, with a slash at its end.
    var folder: String { String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) }

    init(_ text: String) throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("rollcall-settings-\(UUID().uuidString).yaml").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
