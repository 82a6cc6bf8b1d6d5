import Catalog
import Jobs

/// The values that a job's scope gives a backfill's parameters.
struct BackfillScope: Equatable {
    /// As texts that the database reads, in the order of the parameters; nil for one left out.
    let arguments: [String?]
    /// For people, and to tell one scope from another: `product_id=17`.
    let text: String

    /// Reads the values by the parameters' types.
    ///
    /// - Throws: the first fault.
    init(
        _ request: BackfillRequest, for plan: BackfillPlan, textLimit: Int
    ) throws(ScopeRefused) {
        let values = request.values
        var arguments: [String?] = []
        var words: [String] = []
        for (parameter, column) in zip(plan.backfill.parameters, plan.parameters) {
            var staged = StagedColumn(column.type, capacity: 1)
            if let value = values[parameter.name] {
                let reader = ValueReader(column: column, textLimit: textLimit)
                if let expected = reader.read(value, of: request.document, into: &staged) {
                    throw ScopeRefused(
                        rejection: Rejection(
                            code: "invalid-value",
                            message: "scope.\(parameter.name): expected \(expected), got "
                                + MessageFault.quoted(value, of: request.document)))
                }
            }
            guard staged.count == 1, staged.states[0] == .value else {
                guard parameter.isOptional else {
                    throw ScopeRefused(
                        rejection: Rejection(
                            code: "missing-value",
                            message: "scope.\(parameter.name): expected a value, got none"))
                }
                arguments.append(nil)
                continue
            }
            let text = staged.text(0, limit: .max)
            arguments.append(text)
            words.append("\(parameter.name)=\(Self.quoted(text))")
        }
        self.arguments = arguments
        text = words.joined(separator: ", ")
        guard text.utf8.count <= Self.longest else {
            throw ScopeRefused(
                rejection: Rejection(
                    code: "invalid-value",
                    message: "scope: expected at most \(Self.longest) bytes in all, got "
                        + "\(text.utf8.count)"))
        }
    }

    /// The database finds a scope by an index, whose rows fit into a third of a page.
    private static let longest = 2_000

    /// In quotes where it could be taken for something else.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                    || "_-.:+".utf8.contains(byte)
            }
        if isPlain { return text }
        var json = JSONWriter()
        json.string(text)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

/// A scope whose values are not what the parameters take.
struct ScopeRefused: Error {
    let rejection: Rejection
}
