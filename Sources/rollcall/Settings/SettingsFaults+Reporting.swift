import ArgumentParser
import Foundation

extension SettingsFaults {
    /// Runs a part of a command that reads settings.
    ///
    /// Faults are told on standard error and end the command with code 78.
    static func reporting<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let faults as SettingsFaults {
            FileHandle.standardError.write(Data("rollcall: \(faults)\n".utf8))
            throw ExitCode(exitCode)
        }
    }
}
