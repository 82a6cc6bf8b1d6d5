import Logging

/// Makes every `Logger` of the process write lines to standard error.
///
/// Call it once, before the first logger is made: a second call ends the process.
public func bootstrapLogging(level: Logger.Level, format: LogFormat) {
    LoggingSystem.bootstrap(
        { _, provider in
            var handler = LineLogHandler(level: level, format: format)
            handler.metadataProvider = provider
            return handler
        }, metadataProvider: nil)
}
