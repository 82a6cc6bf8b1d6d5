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
