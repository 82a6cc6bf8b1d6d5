import Glibc

/// What `ps` shows of this process.
enum ProcessArguments {
    /// Blots out the passwords in the arguments: everybody on the machine can read them.
    ///
    /// The program has read them by then. Who sends a password this way shows it for some milliseconds:
    /// files and variables do not.
    static func hidePasswords() {
        let flag = "--database"
        var isValue = false
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let text = String(cString: argument)
            if isValue {
                replace(argument, with: Secret.redacted(conninfo: text))
            } else if text.hasPrefix(flag + "=") {
                let conninfo = String(text.dropFirst(flag.count + 1))
                replace(argument, with: flag + "=" + Secret.redacted(conninfo: conninfo))
            }
            isValue = text == flag
        }
    }

    /// Writes a text over another, which is as long or longer: what is hidden is never longer than its mask,
    /// but for passwords of one or two characters, of which the end is cut off.
    private static func replace(_ argument: UnsafeMutablePointer<CChar>, with text: String) {
        let length = strlen(argument)
        let bytes = text.utf8.prefix(length).map { CChar(bitPattern: $0) }
        for index in 0..<length { argument[index] = index < bytes.count ? bytes[index] : 0 }
    }
}
