import Jobs
import Kafka

/// A dead letter as a record of the dead-letter topic.
///
/// Key, value and headers are those of the original; what is added stands behind them, so that
/// readers who take the last header of a name see this failure and not an earlier one.
struct DeadLetterRecord {
    /// The most bytes of a reason: headers count against the size of the record.
    static let reasonBytesMax = 4_096

    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [Header]

    /// - Parameter group: the consumer group that could not make use of the message.
    init(_ letter: DeadLetter, group: String) {
        key = letter.key
        value = letter.value
        headers =
            letter.headers.map { Header(name: $0.name, value: $0.value) }
            + Self.texts(letter, group) + Self.springHeaders(letter, group)
    }

    /// For people and for tools that read text.
    private static func texts(_ letter: DeadLetter, _ group: String) -> [Header] {
        let origin = letter.origin
        var headers = [
            text("rollcall_reason", capped(letter.reason)),
            text("rollcall_code", letter.code),
            text("rollcall_original_topic", origin.topic),
            text("rollcall_original_partition", "\(origin.partition)"),
            text("rollcall_original_offset", "\(origin.offset)"),
            text("rollcall_original_timestamp", "\(origin.timestamp)"),
            text("rollcall_consumer_group", group),
        ]
        if let id = letter.jobID { headers.append(text("rollcall_job_id", "\(id)")) }
        return headers
    }

    /// The names and binary encodings of Spring Kafka's `KafkaHeaders.DLT_…`.
    private static func springHeaders(_ letter: DeadLetter, _ group: String) -> [Header] {
        let origin = letter.origin
        return [
            text("kafka_dlt-original-topic", origin.topic),
            number("kafka_dlt-original-partition", origin.partition),
            number("kafka_dlt-original-offset", origin.offset),
            number("kafka_dlt-original-timestamp", origin.timestamp.milliseconds),
            text("kafka_dlt-original-timestamp-type", "CreateTime"),
            text("kafka_dlt-original-consumer-group", group),
            // Readers tell failures apart by a name of a class; the code is what comes nearest.
            text("kafka_dlt-exception-fqcn", "rollcall.\(letter.code)"),
            text("kafka_dlt-exception-message", capped(letter.reason)),
        ]
    }

    private static func text(_ name: String, _ value: String) -> Header {
        Header(name: name, value: Array(value.utf8))
    }

    private static func number(_ name: String, _ value: some FixedWidthInteger) -> Header {
        Header(name: name, value: withUnsafeBytes(of: value.bigEndian) { Array($0) })
    }

    /// Cuts between characters of Unicode: half of one is no text.
    private static func capped(_ reason: String) -> String {
        guard reason.utf8.count > reasonBytesMax else { return reason }
        var end = reason.utf8.index(reason.startIndex, offsetBy: reasonBytesMax)
        while end.samePosition(in: reason.unicodeScalars) == nil {
            reason.utf8.formIndex(before: &end)
        }
        return String(reason[..<end])
    }
}
