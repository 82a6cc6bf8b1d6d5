/// Words and lines that a person copies into a shell.
enum ShellText {
    /// A word that the shell takes as it is, in quotes where it would read something into it.
    static func word(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                || "_-./:,=@+".utf8.contains(byte)
        }
        if plain, !text.isEmpty { return text }
        return "'"
            + text.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: #"'\''"#) + "'"
    }

    static func line(_ words: [String]) -> String { words.map(word).joined(separator: " ") }

    static func export(_ name: String, _ value: String) -> String {
        "export \(name)=\(word(value))"
    }
}
