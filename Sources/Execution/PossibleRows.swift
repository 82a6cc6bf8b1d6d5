/// The rows that may be there while the jobs of a batch are executed one after the other.
///
/// Rows and targets are small numbers: the same number for the same row or target.
struct PossibleRows {
    /// For each row a staged one that has its values, or -1 where it is not there.
    private var sources: [Int32]
    /// For each row the last job that names it.
    private var namedBy: [Int32]
    /// The rows of each target in the order of their coming; some may have gone.
    private var rowsOfTarget: [[Int32]]

    /// - Parameter count: greater than every number of a row or target.
    init(count: Int) {
        sources = [Int32](repeating: -1, count: count)
        namedBy = [Int32](repeating: -1, count: count)
        rowsOfTarget = [[Int32]](repeating: [], count: count)
    }

    /// The row is there from now on, with the values of a staged one.
    mutating func add(_ row: Int32, of target: Int32, source: Int32) {
        guard sources[Int(row)] < 0 else { return }
        sources[Int(row)] = source
        rowsOfTarget[Int(target)].append(row)
    }

    /// The row is certainly gone.
    mutating func remove(_ row: Int32) { sources[Int(row)] = -1 }

    /// A job names the row: it is none of the others.
    mutating func name(_ row: Int32, by job: Int32) { namedBy[Int(row)] = job }

    func source(of row: Int32) -> Int32 { sources[Int(row)] }

    /// How many rows a target has.
    func count(of target: Int32) -> Int {
        rowsOfTarget[Int(target)].count { sources[Int($0)] >= 0 }
    }

    /// The rows of a target that a job does not name; each is told once.
    mutating func others(of target: Int32, than job: Int32) -> [Int32] {
        // What has gone is forgotten, so that it costs no later job anything.
        rowsOfTarget[Int(target)].removeAll { sources[Int($0)] < 0 }
        var others: [Int32] = []
        for row in rowsOfTarget[Int(target)] where namedBy[Int(row)] != job {
            namedBy[Int(row)] = job
            others.append(row)
        }
        return others
    }
}
