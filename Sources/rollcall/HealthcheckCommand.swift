import ArgumentParser
import Operations

/// `rollcall healthcheck`: asks the worker of this machine how it is, where there is no curl.
struct HealthcheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Asks the worker at endpoint.port whether it is alive.",
        discussion: """
            Prints what /livez answers, with --ready what /readyz does. Exits 0 if all is well, 1 if it \
            is not, 69 if nobody answers. It asks the worker alone, neither database nor brokers.

            Examples:
              rollcall healthcheck
              rollcall healthcheck --ready
            """)

    /// Less than what the image's health check waits.
    private static let seconds = 4

    @OptionGroup var common: CommonOptions

    @Flag(help: "Ask whether it is ready, instead of whether it is alive.")
    var ready = false

    func run() throws {
        let endpoint = try common.settings().endpoint
        guard let port = endpoint.portNumber, port > 0 else {
            complain(
                "endpoint.port: expected the number at which the worker listens, got "
                    + "\(endpoint.port)")
            throw ExitCode.configuration
        }
        let path = ready ? "/readyz" : "/livez"
        guard
            let answer = HTTPQuestion.get(
                path, at: endpoint.address, port: port, seconds: Self.seconds)
        else {
            complain(
                "expected a worker's answer at \(endpoint.address), port \(port), got none within "
                    + "\(Self.seconds) s")
            throw ExitCode.unreachable
        }
        print(answer.body, terminator: "")
        if answer.status != 200 { throw ExitCode.failure }
    }
}
