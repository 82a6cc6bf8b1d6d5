/// One line of librdkafka's own log.
public struct LogLine: Hashable, Sendable {
    /// The syslog severity: 0 (emergency) to 7 (debug); 3 is an error, 4 a warning, 6 information.
    public let level: Int
    /// librdkafka's word for the kind of line, such as `FAIL` or `CONFWARN`.
    public let facility: String
    /// The text, for people.
    public let message: String

    public init(level: Int, facility: String, message: String) {
        self.level = level
        self.facility = facility
        self.message = message
    }
}
