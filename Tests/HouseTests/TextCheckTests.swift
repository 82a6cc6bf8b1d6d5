import Testing

@Suite struct TextCheckTests {
    // Put together, so that the samples are no unchecked conformances of this file.
    private static let unchecked = "@" + "unchecked"
    private static let sendable = "\(unchecked) Sendable"
    private static let reason = "// \(unchecked) because a lock guards it."

    @Test("500 lines are allowed, 501 are not", arguments: [true, false])
    func length(endsWithNewline: Bool) {
        func file(_ count: Int) -> SourceFile {
            let text = Array(repeating: "x", count: count).joined(separator: "\n")
            return SourceFile(path: "a", text: text + (endsWithNewline ? "\n" : ""))
        }
        #expect(TextCheck.tooLong([file(500)]).isEmpty)
        #expect(
            TextCheck.tooLong([file(501)]).map(\.description) == [
                "a: expected at most 500 lines, got 501"
            ])
    }

    @Test("unfinished work is found as a word and nowhere inside one")
    func unfinished() {
        for word in TextCheck.unfinished {
            let text = "first\n// \(word): second\nlet a\(word) = 1 // \(word)S\n"
            #expect(
                TextCheck.unfinishedWork([SourceFile(path: "a", text: text)]).map(\.description)
                    == ["a:2: \(word) is left"])
        }
    }

    @Test(
        "a reason directly above the declaration is enough",
        arguments: [
            "\(reason)\nfinal class A: \(sendable) {",
            "/// A lock.\n\(reason)\n// And more of it.\nfinal class A: B, \(sendable) {",
            "\(reason)\n@frozen\nstruct A: ~Copyable, \(sendable) {",
            "  \(reason)\n  extension A:\n    B,\n    \(sendable)\n  {",
            "// not a conformance: \(sendable)",
            "final class A: Sendable {",
        ])
    func reasoned(text: String) {
        #expect(TextCheck.unreasonedConformances([SourceFile(path: "a", text: text)]).isEmpty)
    }

    @Test(
        "a conformance without a reason directly above it is a violation",
        arguments: [
            "final class A: \(sendable) {",
            "\n\nfinal class A: \(unchecked)  Sendable {",
            "/// \(unchecked) because it says so.\nfinal class A: \(sendable) {",
            "// It is \(unchecked).\nfinal class A: \(sendable) {",
            "\(reason)\n\nfinal class A: \(sendable) {",
            "\(reason)\nlet a = 1\nfinal class A: \(sendable) {",
            "\(reason)\n/// A lock.\nfinal class A: \(sendable) {",
            "// \(unchecked) because\nfinal class A: \(sendable) {",
        ])
    func unreasoned(text: String) {
        let violations = TextCheck.unreasonedConformances([SourceFile(path: "a", text: text)])
        #expect(violations.count == 1)
    }
}
