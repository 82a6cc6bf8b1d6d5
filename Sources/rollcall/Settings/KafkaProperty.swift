/// What may stand in `kafka.properties`.
enum KafkaProperty {
    /// Properties that a setting of its own decides.
    private static let settings = [
        "bootstrap.servers": "kafka.brokers",
        "metadata.broker.list": "kafka.brokers",
        "group.id": "kafka.group",
        "client.id": "kafka.client_id",
        "max.poll.interval.ms": "kafka.max_poll_interval",
        "session.timeout.ms": "kafka.session_timeout",
    ]

    /// Properties whose change would lose jobs: offsets are committed after the transaction only.
    private static let fixed: Set = [
        "enable.auto.commit", "enable.auto.offset.store", "isolation.level",
    ]

    /// What is wrong with a property, without its value where that may be secret.
    static func problem(name: String, input: SettingInput) -> String? {
        if let setting = settings[name] {
            return "expected it to be set by \(setting), got it here"
        }
        if fixed.contains(name) {
            return "expected it to be left to Rollcall, got it here"
        }
        guard isName(name) else {
            return "expected a property name such as security.protocol, "
                + "got \(name.quotedForMessage)"
        }
        guard case .text(let text) = input else {
            return "expected a text, got \(input.got)"
        }
        return text.hasControlCharacters
            ? "expected a text without control characters, got one with them" : nil
    }

    private static func isName(_ name: String) -> Bool {
        1...255 ~= name.utf8.count
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic
                        || "0123456789._-".contains(Character(scalar)))
            }
    }
}
