import ArgumentParser
import Jobs
import Store

extension StatusCommand {
    private static let rejectionsOnTerminal = 5
    private static let partsOnTerminal = 10
    private static let partsMax = 1_000_000

    /// Shows jobs in detail, after they have ended if that is waited for.
    func showJobs(_ session: StatusSession) throws {
        var ids: [JobID] = []
        for reference in jobs {
            let id = try session.resolve(reference)
            if !ids.contains(id) { ids.append(id) }
        }
        if wait || watch { exitAtInterrupt() }
        var follow = JobFollow(ids: ids, session: session, timeout: wait || watch ? timeout : .zero)
        if watch {
            var watched = JobsWatched(session)
            let end = try follow.untilEnd { try watched.show($0) }
            return try finish(end, session, isWaited: wait)
        }
        if wait {
            let end = try follow.untilEnd()
            try show(end.jobs, session)
            return try finish(end, session, isWaited: true)
        }
        let look = try Database.reporting { try follow.look() }
        try show(look.jobs, session)
        if !look.missing.isEmpty {
            complainOfMissing(look, session)
            throw ExitCode.noSuchJob
        }
    }

    private func show(_ jobs: [StatusQuery.Job], _ session: StatusSession) throws {
        let isDrawn = session.format == .plain && session.terminal.isTerminal
        let limit = rejections.map(\.count) ?? (isDrawn ? Self.rejectionsOnTerminal : nil)
        let shown = StatusSession.PartsShown(
            isWhole: parts, limit: isDrawn && !parts ? Self.partsOnTerminal : Self.partsMax)
        let details = try session.details(jobs, limit: limit, parts: shown)
        switch session.format {
        case .json where self.jobs.count == 1:
            try session.output.write(details.map(StatusJSON.job))
        case .json: try session.output.write([StatusJSON.list(details, next: nil)])
        case .jsonl: try session.output.write(details.map(StatusJSON.line))
        case .csv:
            try session.output.write(
                StatusRecords.csv(jobs, isTerminal: session.terminal.isTerminal))
        case .plain:
            let blocks = details.map { detail in
                isDrawn
                    ? StatusDetailPage(
                        detail: detail, width: session.terminal.width, ink: session.ink
                    ).lines
                    : StatusRecords.detail(detail)
            }
            try session.output.write(Array(blocks.joined(separator: [""])))
        }
    }

    /// Ends the command with the exit code for what became of the jobs.
    private func finish(_ end: JobFollow.Look, _ session: StatusSession, isWaited: Bool) throws {
        guard end.isOver else {
            let limit = timeout?.settingText ?? ""
            for job in end.jobs where !job.state.isTerminal {
                complain("timed out after \(limit): \(job.id) is \(job.state.rawValue)")
            }
            if !end.missing.isEmpty {
                complainOfMissing(end, session, "timed out after \(limit): ")
            }
            throw ExitCode.timedOut
        }
        if !end.missing.isEmpty { complainOfMissing(end, session) }
        guard isWaited else { return }
        let states = end.jobs.map(\.state) + end.missing.map { _ in StatusQuery.State.failed }
        let code = WaitVerdict.exitCode(states, allowRejections: allowRejections)
        if code != .success { throw code }
    }

    /// Says of each job without a row why it has none, as far as that can be known.
    private func complainOfMissing(
        _ look: JobFollow.Look, _ session: StatusSession, _ lead: String = ""
    ) {
        let isUnread = look.missing.contains { look.letters[$0] == nil }
        let lag = isUnread ? JobLagReading(session.settings.kafka).result().text : ""
        for id in look.missing {
            if let letter = look.letters[id] {
                complain(
                    "\(id): its message is a dead letter: \(letter.code): "
                        + VisibleText.escaped(letter.message))
            } else {
                complain("\(lead)\(id): no worker has read it yet; \(lag)")
            }
        }
    }
}
