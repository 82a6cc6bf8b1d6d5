import Jobs
import Testing

/// Messages as producers write them.
enum Messages {
    typealias Header = (name: String, value: [UInt8]?)

    static let id = "0197a2c4-8d1e-7b43-9a55-0d5f3c2b1a00"
    static let data = #"{"relation":"enrollment","target":42,"members":[1001]}"#

    /// A structured event with some fields replaced or, by nil, left out.
    static func structured(
        _ changes: KeyValuePairs<String, String?> = [:], data: String? = Messages.data
    ) -> String {
        var fields: [(String, String?)] = [
            ("specversion", "\"1.0\""), ("id", "\"\(id)\""), ("source", "\"/services/admin\""),
            ("type", "\"rollcall.assign\""), ("data", data),
        ]
        for (name, value) in changes {
            fields.removeAll { $0.0 == name }
            fields.append((name, value))
        }
        let pairs = fields.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// The headers of a binary event with some replaced or, by nil, left out.
    static func headers(_ changes: KeyValuePairs<String, String?> = [:]) -> [Header] {
        var fields: [(String, String?)] = [
            ("ce_specversion", "1.0"), ("ce_id", id), ("ce_source", "/services/admin"),
            ("ce_type", "rollcall.assign"), ("content-type", "application/json"),
        ]
        for (name, value) in changes {
            fields.removeAll { $0.0 == name }
            fields.append((name, value))
        }
        return fields.compactMap { name, value in value.map { (name, Array($0.utf8)) } }
    }

    static let structuredHeaders: [Header] = [
        ("content-type", Array("application/cloudevents+json; charset=UTF-8".utf8))
    ]

    static func job(_ value: String, _ headers: [Header] = []) throws(MessageFault) -> Job {
        try Job(try CloudEvent(value: Array(value.utf8), headers: headers, depth: 32))
    }

    /// The fault of a message, or nil of one that is a job.
    static func fault(_ value: String, _ headers: [Header] = []) -> MessageFault? {
        do throws(MessageFault) {
            _ = try job(value, headers)
            return nil
        } catch {
            return error
        }
    }
}
