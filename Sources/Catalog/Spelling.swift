/// Finds the word that somebody probably meant.
public enum Spelling {
    /// The nearest word by edit distance, if it is near enough to be a slip of the finger.
    public static func nearest(to word: String, in words: some Sequence<String>) -> String? {
        let length = word.unicodeScalars.count
        let limit = max(2, length / 3)
        return
            words
            // A word that differs in length alone is not worth comparing, however long it is.
            .filter { abs($0.unicodeScalars.count - length) <= limit }
            .map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }
            // Words without a letter in common are no slip.
            .filter {
                $0.distance <= limit && $0.distance < max(length, $0.word.unicodeScalars.count)
            }
            .min { $0.distance < $1.distance }?
            .word
    }

    /// Levenshtein's distance: insertions, deletions and replacements of a character.
    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.unicodeScalars)
        let b = Array(b.unicodeScalars)
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
