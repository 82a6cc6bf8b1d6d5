import Catalog
import Jobs
import Postgres

/// Targets and members that jobs call by other names.
extension RelationRun {
    /// Asks what the names mean, one statement for each kind of name.
    mutating func resolveLookups(_ writer: inout some EffectWriter) throws {
        guard !staging.lookups.isEmpty else { return }
        for (number, statement) in plan.sql.lookups.enumerated() {
            let names = staging.lookups.filter {
                $0.lookup == number && marks[Int($0.row)] == .open
            }
            let byRow = Dictionary(
                names.map { ($0.row, $0.name) }, uniquingKeysWith: { first, _ in first })
            func ask(_ rows: [Int32], _ connection: Connection) throws -> Rows {
                var numbers = ArrayParameter(.int4, capacity: rows.count)
                var texts = ArrayParameter(.text, capacity: rows.count)
                for row in rows {
                    numbers.append(int32: row)
                    (byRow[row] ?? []).withUnsafeBufferPointer { texts.append(text: $0) }
                }
                var parameters = Parameters()
                parameters.append(numbers)
                parameters.append(texts)
                return try connection.execute(statement.sql, parameters, binaryResult: true)
            }
            guard !names.isEmpty else { continue }
            let connection = writer.connection
            // A name may be nothing that the SELECT can read.
            let unread = try writer.sift(names.map(\.row), unnamed: "invalid-value") {
                _ = try ask($0, connection)
            }
            for (row, rejection) in unread { reject(row, rejection) }
            let rows = openRows(names.map(\.row))
            guard !rows.isEmpty else { continue }
            take(try ask(rows, connection), for: rows, byRow, statement)
        }
    }

    /// Gives items the values that their names mean.
    private mutating func take(
        _ answer: Rows, for rows: [Int32], _ names: [Int32: [UInt8]], _ statement: LookupStatement
    ) {
        var places: [Int32: Int] = [:]
        var isAmbiguous: Set<Int32> = []
        for place in 0..<answer.count {
            let isNull = statement.positions.indices.contains { answer.isNull(place, $0 + 1) }
            if isNull { continue }
            let row = Int32(answer.int(place, 0))
            if places.updateValue(place, forKey: row) != nil { isAmbiguous.insert(row) }
        }
        let field = statement.lookup.field
        for row in rows {
            let name = MessageFault.quoted(names[row] ?? [], limit: 200)
            if isAmbiguous.contains(row) {
                reject(
                    row,
                    Rejection(
                        code: "ambiguous-\(field)",
                        message: "\(field): expected one meaning of \"\(name)\", got several"))
            } else if places[row] == nil {
                reject(
                    row,
                    Rejection(
                        code: "unknown-\(field)",
                        message: "\(field): nothing is called \"\(name)\""))
            }
        }
        let found = Set(openRows(rows))
        for (column, position) in statement.positions.enumerated() {
            staging.complete(position, found) { row, values in
                values.append(places[row] ?? 0, column + 1, of: answer)
            }
        }
    }
}
