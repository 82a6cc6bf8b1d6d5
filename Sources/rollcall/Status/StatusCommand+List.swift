import ArgumentParser
import Jobs
import Store

extension StatusCommand {
    /// Shows a page of the list.
    func showList(_ session: StatusSession) throws {
        let after = try selection.after.map { try cursor($0, session) }
        if watch { return try watchList(session, after: after) }
        // Kafka is asked while Postgres is; what it does not answer must not hold up the list.
        let lag = session.format == .plain ? JobLagReading(session.settings.kafka) : nil
        let page = try readPage(session, after: after)
        let next = page.hasMore ? page.jobs.last : nil
        switch session.format {
        case .json:
            let details = try session.details(page.jobs, limit: limitInList)
            try session.output.write([StatusJSON.list(details, next: next?.id)])
        case .jsonl:
            let details = try session.details(page.jobs, limit: limitInList)
            try session.output.write(details.map(StatusJSON.line))
        case .csv:
            try session.output.write(
                StatusRecords.csv(page.jobs, isTerminal: session.terminal.isTerminal))
        case .plain:
            let lines =
                session.terminal.isTerminal
                ? terminalLines(page, session)
                : StatusRecords.list(page.jobs, ink: session.ink)
            try session.output.write(lines)
            if page.jobs.isEmpty {
                complain(selection.filter.isEmpty && after == nil ? "no jobs yet" : "no such jobs")
            }
            try showFooter(page, lag: lag, session)
        }
    }

    /// Reads the page that was asked for.
    func readPage(_ session: StatusSession, after: JobID?) throws -> StatusQuery.Page {
        try Database.reporting {
            try session.query.page(
                selection.filter, limit: selection.limit, after: after, on: session.connection)
        }
    }

    /// The table that fits the terminal; none without jobs.
    func terminalLines(_ page: StatusQuery.Page, _ session: StatusSession) -> [String] {
        page.jobs.isEmpty
            ? []
            : StatusList(jobs: page.jobs).lines(width: session.terminal.width, ink: session.ink)
    }

    /// The lines below the table.
    func footerLines(
        _ page: StatusQuery.Page, lag: JobLag, width: Int, _ session: StatusSession
    ) throws -> [String] {
        let (overview, pauses) = try Database.reporting {
            (
                try session.query.overview(on: session.connection),
                try session.query.pauses(on: session.connection)
            )
        }
        let list = StatusList(jobs: page.jobs)
        let next = page.hasMore ? page.jobs.last : nil
        let footer = StatusFooter(
            shown: page.jobs.count,
            isFiltered: !selection.filter.isEmpty,
            next: next.map { selection.command(after: $0.idPrefix(list.idLength)) },
            overview: overview, lag: lag, pauses: pauses)
        return footer.lines(width: width)
    }

    private func showFooter(
        _ page: StatusQuery.Page, lag: JobLagReading?, _ session: StatusSession
    ) throws {
        let lag = lag?.result() ?? .unknown(why: "Kafka was not asked")
        if session.terminal.isTerminal {
            let width = session.terminal.width
            try session.output.write(
                footerLines(page, lag: lag, width: width, session).map {
                    session.ink.paint($0, .gray)
                })
        } else {
            for line in try footerLines(page, lag: lag, width: .max, session) {
                session.note(line)
            }
        }
    }

    /// In a list of machines' making, items of rejections are there only when asked for.
    private var limitInList: Int? { rejections.map(\.count) ?? 0 }

    /// The job after which the page begins; it must be there.
    private func cursor(_ reference: JobReference, _ session: StatusSession) throws -> JobID {
        let id = try session.resolve(reference)
        let found = try Database.reporting {
            try session.query.jobs([id], on: session.connection)
        }
        guard !found.isEmpty else {
            complain("--after: no such job: \(id)")
            throw ExitCode.noSuchJob
        }
        return id
    }
}
