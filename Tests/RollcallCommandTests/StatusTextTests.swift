import Testing

@testable import rollcall

@Suite("How status writes texts, numbers and times")
struct StatusTextTests {
    @Test(
        "The columns that a text takes",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("数学", 4), ("한국", 4), ("ﾊﾟ", 2),
            ("Ａ", 2), ("🎓", 2), ("👨‍👩‍👧", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤️", 2), ("❤", 1), ("1", 1),
            ("→", 1), ("●✓✗", 3), ("…", 1), ("\u{1112}\u{1161}\u{11AB}", 2), ("a\u{200B}b", 2),
        ])
    func width(_ text: String, _ columns: Int) {
        #expect(DisplayWidth.of(text) == columns)
    }

    @Test(
        "What could command a terminal is spelt out",
        arguments: [
            ("plain", "plain"), ("ünï 数 👨‍👩‍👧", "ünï 数 👨‍👩‍👧"), ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{1B}[2J", "\\u{1B}[2J"), ("\u{9B}2J", "\\u{9B}2J"), ("\u{7F}", "\\u{7F}"),
            ("\0", "\\u{0}"), ("\u{202E}abc", "\\u{202E}abc"), ("\u{2066}", "\\u{2066}"),
            ("\u{2028}", "\\u{2028}"), ("\u{FEFF}", "\\u{FEFF}"),
        ])
    func escaped(_ text: String, _ shown: String) {
        #expect(VisibleText.escaped(text) == shown)
    }

    @Test(
        "A text is cut at a character, and never over the width",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("数学数学", 8, "数学数学"),
            ("数学数学", 7, "数学数…"), ("数学数学", 6, "数学…"), ("abc", 1, "…"), ("abc", 0, ""),
        ])
    func cut(_ text: String, _ width: Int, _ shown: String) {
        #expect(VisibleText.cut(text, to: width) == shown)
    }

    @Test("Lines are broken between words, and within those that are too long")
    func wrapped() {
        #expect(VisibleText.wrapped("one two three", to: 13) == ["one two three"])
        #expect(VisibleText.wrapped("one two three", to: 8) == ["one two", "three"])
        #expect(VisibleText.wrapped("abcdefghij k", to: 4) == ["abcd", "efgh", "ij k"])
        #expect(VisibleText.wrapped("数学数学", to: 5) == ["数学", "数学"])
        #expect(VisibleText.wrapped("", to: 5) == [""])
        #expect(
            VisibleText.wrapped(["a 1", "b 2", "c 3"], separator: " · ", to: 9)
                == ["a 1 ·", "b 2 · c 3"])
    }

    @Test("Numbers")
    func numbers() {
        #expect(
            [0, 999, 1_000, 1_234_567, -1_000].map(NumberText.grouped)
                == ["0", "999", "1,000", "1,234,567", "-1,000"])
        #expect(
            [9_999, 10_000, 1_000_000, 9_999_999, 10_000_000].map(NumberText.compact)
                == ["9,999", "10k", "1,000k", "9,999k", "10M"])
        #expect(
            [10_001, 999_400, 1_000_000, 1_249_999, 12_345_678].map(NumberText.estimate)
                == ["~10,000", "~999,000", "~1 million", "~1.2 million", "~12.3 million"])
        #expect(NumberText.counted(1, "worker") == "1 worker")
        #expect(NumberText.counted(0, "worker") == "0 workers")
        #expect(NumberText.rate(items: 3_004, milliseconds: 3_100) == 969)
        #expect(NumberText.rate(items: 10, milliseconds: 0) == nil)
    }

    @Test("Durations")
    func durations() {
        #expect(
            [
                -5, 0, 3, 99, 100, 400, 3_100, 9_999, 10_000, 41_999, 125_000, 10_920_000,
                183_600_000,
            ]
            .map { TimeText.took($0) }
                == [
                    "0ms", "0ms", "3ms", "99ms", "0.1s", "0.4s", "3.1s", "9.9s", "10s", "41s",
                    "2m05s", "3h02m", "2d03h",
                ])
        #expect(TimeText.took(900, space: " ") == "0.9 s")
        #expect(
            [-9_000, 0, 59_999, 60_000, 3_600_000, 86_400_000, 864_000_000].map(TimeText.age)
                == ["0s", "0s", "59s", "1m", "1h", "1d", "10d"])
        #expect(
            [0, 4, 40, 400, 3_100, 41_000, -900].map(TimeText.seconds)
                == ["0", "0.004", "0.04", "0.4", "3.1", "41", "-0.9"])
        #expect(TimeText.date(StatusSample.now) == "2026-11-21 03:14:07 UTC")
    }

    @Test("Bars")
    func bars() {
        #expect(ProgressText.text(61, barWidth: 10) == "[######----]  61%")
        #expect(ProgressText.text(100, barWidth: 10) == "[##########] 100%")
        #expect(ProgressText.text(0, barWidth: 10) == "[----------]   0%")
        #expect(ProgressText.text(99, barWidth: 10) == "[#########-]  99%")
        #expect(ProgressText.text(7, barWidth: 0) == "7%")
    }

    @Test("Colour follows the terminal, the environment, and the option before both")
    func color() {
        func isOn(_ choice: StatusColorChoice, _ isTerminal: Bool, _ variables: [String: String])
            -> Bool
        { choice.isOn(isTerminal: isTerminal, environment: variables) }
        #expect(isOn(.auto, true, [:]))
        #expect(!isOn(.auto, false, [:]))
        #expect(!isOn(.auto, true, ["NO_COLOR": "1"]))
        #expect(isOn(.auto, true, ["NO_COLOR": ""]))
        #expect(!isOn(.auto, true, ["TERM": "dumb"]))
        #expect(isOn(.always, false, ["NO_COLOR": "1"]))
        #expect(!isOn(.never, true, [:]))
    }
}
