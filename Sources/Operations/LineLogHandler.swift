import Logging

/// Writes every log event as one line, by default to standard error.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let format: LogFormat
    private let sink: @Sendable ([UInt8]) -> Void
    private let now: @Sendable () -> LogTime

    /// A handler that writes to standard error.
    public init(level: Logger.Level, format: LogFormat) {
        self.init(
            level: level, format: format.resolved(isTerminal: StandardError.isTerminal),
            sink: StandardError.write)
    }

    /// A handler that gives each line, its line break included, to a sink.
    ///
    /// The sink is called on the thread that logs, by many threads at once.
    public init(
        level: Logger.Level, format: LogFormat, sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.init(level: level, format: format, sink: sink, now: LogTime.now)
    }

    init(
        level: Logger.Level, format: LogFormat, sink: @escaping @Sendable ([UInt8]) -> Void,
        now: @escaping @Sendable () -> LogTime
    ) {
        logLevel = level
        self.format = format
        self.sink = sink
        self.now = now
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let line = LogLine(
            time: now(), level: event.level, message: event.message.description,
            metadata: fields(of: event), format: format)
        sink(line.bytes)
    }

    /// What the event says wins over what the provider says, and that over the logger's own.
    private func fields(of event: LogEvent) -> Logger.Metadata {
        var fields = metadata
        if let provided = metadataProvider?.get() {
            fields.merge(provided) { _, new in new }
        }
        if let own = event.metadata {
            fields.merge(own) { _, new in new }
        }
        if let error = event.error, fields["error"] == nil {
            fields["error"] = .string(String(describing: error))
        }
        return fields
    }
}
