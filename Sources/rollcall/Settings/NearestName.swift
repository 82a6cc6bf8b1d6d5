/// Finds the name that a mistyped one was most likely meant to be.
enum NearestName {
    /// The nearest of the known dotted names, or nil when none is near.
    ///
    /// A last part that fits counts too, so that `brokers` finds `kafka.brokers`.
    static func find(
        for name: String, among known: [String], separator: Character = ".",
        ignoresCase: Bool = true
    ) -> String? {
        // Longer ones are no slips of the finger, and comparing them costs time.
        guard name.utf8.count <= 100 else { return nil }
        let given = Array(ignoresCase ? name.lowercased() : name)
        let last = Array(given.split(separator: separator).last ?? given[...])
        var best: (name: String, distance: Int)?
        for candidate in known {
            let whole = Array(candidate)
            let leaf = Array(whole.split(separator: separator).last ?? whole[...])
            let near = [
                within(distance(given, whole), of: given.count),
                within(distance(last, leaf), of: last.count).map { $0 + 1 },
            ]
            if let found = near.compactMap({ $0 }).min(), found < best?.distance ?? .max {
                best = (candidate, found)
            }
        }
        return best?.name
    }

    private static func within(_ distance: Int, of length: Int) -> Int? {
        distance <= max(length / 3, length > 3 ? 1 : 0) ? distance : nil
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words.
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
