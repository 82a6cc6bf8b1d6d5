import ArgumentParser
import Jobs
import RollcallClient

/// A file of members: one a line, blank lines do not count.
enum MemberFile {
    /// Reads the members of a file, `-` for standard input.
    ///
    /// What is wrong with it is told on standard error and ends the command with code 2.
    ///
    /// - Parameter max: the most members of a job.
    static func values(of path: String, max: Int) throws -> [Value] {
        do {
            let file = try InputFile(path)
            var lines = LineReader(file.descriptor, lengthMax: 1024 * 1024)
            var values: [Value] = []
            while let line = try lines.next() {
                if line.isBlank { continue }
                guard !line.isTooLong, let text = String(validating: line.bytes, as: UTF8.self)
                else {
                    let got = line.isTooLong ? "a longer one" : "other bytes"
                    complain("\(file.name):\(line.number): expected a line of UTF-8, got \(got)")
                    throw ExitCode.wrongUsage
                }
                do {
                    values.append(try EnqueueArgument.value(text.trimmed, of: "--members"))
                } catch let error as ValidationError {
                    complain("\(file.name):\(line.number): \(error.message)")
                    throw ExitCode.wrongUsage
                }
                guard values.count <= max else {
                    complain("\(file.name): expected at most \(max) members, got more")
                    throw ExitCode.wrongUsage
                }
            }
            guard !values.isEmpty else {
                complain("\(file.name): expected at least one member, got none")
                throw ExitCode.wrongUsage
            }
            return values
        } catch let error as FileError {
            complain("\(error)")
            throw ExitCode.wrongUsage
        }
    }
}
