import Jobs

/// Gathers rows into slices that fit into messages.
struct RosterSlices {
    /// The bytes of JSON that a slice may take.
    let budget: Int
    /// What stands between two rows.
    private let separator: [UInt8]
    private var slice: [UInt8] = []
    private var length = 0
    private(set) var count = 0

    init(budget: Int, separator: [UInt8] = []) {
        self.budget = budget
        self.separator = separator
    }

    /// Appends a row, which is whole in one slice.
    ///
    /// - Parameters:
    ///   - length: the bytes that it takes in JSON.
    ///   - body: gets a slice that has no room for it.
    /// - Returns: false for a row that fits into no slice.
    mutating func append(
        _ row: some Collection<UInt8>, length: Int, _ body: ([UInt8]) throws -> Void
    ) throws -> Bool {
        guard length <= budget else { return false }
        if self.length + separator.count + length > budget { try flush(body) }
        if !slice.isEmpty { slice += separator }
        slice += row
        self.length += separator.count + length
        return true
    }

    /// Gives what there is to the body.
    mutating func flush(_ body: ([UInt8]) throws -> Void) throws {
        guard !slice.isEmpty else { return }
        count += 1
        try body(slice)
        slice.removeAll(keepingCapacity: true)
        length = 0
    }
}
