/// The names of a roster file's columns.
public enum RosterHeader {
    /// What two names that mean the same column have in common: without blanks around it and without
    /// case.
    public static func folded(_ name: String) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let scalars = name.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        // There and back: some letters only meet as capitals.
        return String(scalars[first...last]).uppercased().lowercased()
    }

    /// The key of a label such as `Username (USERNAME)`, as names are compared; nil where there is none.
    public static func key(of label: String) -> String? {
        let name = folded(label)
        guard name.hasSuffix(")"), let open = name.lastIndex(of: "(") else { return nil }
        let key = folded(String(name[name.index(after: open)...].dropLast()))
        return key.isEmpty ? nil : key
    }

    /// Where a file has columns, each of which goes by some names.
    ///
    /// A column stands where its first name is that there is. Without one it stands where a label has
    /// a name as its key, unless the whole label is another column's name; several such labels are
    /// for others to decide.
    public static func positions(of columns: [[String]], in header: [String]) -> [[Int]] {
        let columns = columns.map { $0.map(folded) }
        let heads = header.map(folded)
        let named = columns.map { names in
            names.lazy.compactMap { heads.firstIndex(of: $0) }.first
        }
        let taken = Set(named.compactMap(\.self))
        let keys = header.indices.map { taken.contains($0) ? nil : key(of: header[$0]) }
        return zip(columns, named).map { names, position in
            if let position { return [position] }
            return names.lazy.map { name in keys.indices.filter { keys[$0] == name } }
                .first { !$0.isEmpty } ?? []
        }
    }

    /// The first column whose name another one before it has, with that one; columns without a name
    /// are nobody's.
    public static func duplicate(in names: [String]) -> (first: Int, second: Int)? {
        var positions: [String: Int] = [:]
        for (position, name) in names.enumerated() {
            let key = folded(name)
            guard !key.isEmpty else { continue }
            if let first = positions.updateValue(position, forKey: key) {
                return (first, position)
            }
        }
        return nil
    }
}
