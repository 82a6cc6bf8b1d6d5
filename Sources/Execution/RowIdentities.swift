/// Numbers the rows that items are about: equal values, equal number.
enum RowIdentities {
    /// An open-addressed table over the staged columns themselves: no key is copied.
    ///
    /// - Returns: for each item the number of its row, from 0, in the order of first mention.
    static func number(_ columns: [StagedColumn], count: Int) -> [Int32] {
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        var table = [Int32](repeating: -1, count: capacity)
        var numbers = [Int32](repeating: 0, count: count)
        var next: Int32 = 0
        for row in 0..<count {
            var hash: UInt64 = 0
            for column in columns { column.hash(row, into: &hash) }
            var slot = Int(hash & UInt64(capacity - 1))
            while true {
                let other = table[slot]
                if other < 0 {
                    table[slot] = Int32(row)
                    numbers[row] = next
                    next += 1
                    break
                }
                if columns.allSatisfy({ $0.areEqual(Int(other), row) }) {
                    numbers[row] = numbers[Int(other)]
                    break
                }
                slot = (slot + 1) & (capacity - 1)
            }
        }
        return numbers
    }
}
