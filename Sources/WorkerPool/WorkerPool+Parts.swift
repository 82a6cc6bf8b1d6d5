import Dispatch
import Execution
import Jobs
import Logging
import Store
import Synchronization

/// Lanes with nothing better to do go on with backfills.
extension WorkerPool {
    func takeTurn(_ lane: Int) {
        lanes[lane].takeTurn(
            onClaim: {
                self.state.withLock { $0.parts.wake(at: .now) }
                self.pump()
            },
            then: { ending in
                let line = self.state.withLock { state -> ProgressLog.Line? in
                    state.idleLanes.append(lane)
                    let random = Double.random(in: 0...1)
                    switch ending {
                    case .idle(let time):
                        state.parts.end(.idle(time), at: .now, random: random)
                    case .failed(let failure):
                        state.parts.end(.failed(failure), at: .now, random: random)
                    case .worked(let news):
                        state.parts.end(.worked, at: .now, random: random)
                        return news.flatMap { state.progress.line($0, at: .now) }
                    }
                    return nil
                }
                if case .worked(let news?) = ending {
                    if case .ended = news.event { self.jobEvents?.wake() }
                    self.log(news, line)
                }
                if case .failed(let failure) = ending {
                    self.logger.warning(
                        "backfills wait, trying again", metadata: ["error": "\(failure.text)"])
                }
                self.settled.signal()
                self.pump()
            })
    }

    private func log(_ news: BackfillNews, _ line: ProgressLog.Line?) {
        let work = news.isImport ? "import" : "backfill"
        var metadata: Logger.Metadata = [
            news.isImport ? "roster" : "backfill": "\(news.entry)", "job": "\(news.job)",
        ]
        if let message = news.message {
            metadata["topic"] = "\(message.topic)"
            metadata["partition"] = "\(message.partition)"
            metadata["offset"] = "\(message.offset)"
            metadata["trace_id"] = message.traceID.map { "\($0)" }
        }
        if !news.step.isEmpty { metadata["step"] = "\(news.step)" }
        if let line {
            metadata["rows"] = "\(line.done)/\(line.planned)"
            metadata["rate"] = line.rate.map { "\(Int($0))/s" }
        }
        switch news.event {
        case .planned, .partDone:
            if line != nil { logger.info("\(work) goes on", metadata: metadata) }
        case .stepDone: logger.info("\(work) step done", metadata: metadata)
        case .ended(let state):
            metadata["state"] = "\(state)"
            logger.info("\(work) ended", metadata: metadata)
        case .split(let reason):
            metadata["reason"] = "\(reason.code)"
            logger.info(
                "part of \(work == "import" ? "an import" : "a backfill") took too long, split in two",
                metadata: metadata)
        case .putBack(let reason):
            metadata["reason"] = "\(reason.code)"
            logger.info(
                "part of \(work == "import" ? "an import" : "a backfill") is tried again",
                metadata: metadata)
        case .waits(let reason):
            metadata["reason"] = "\(reason)"
            logger.warning("\(work) waits", metadata: metadata)
        case .failed(let reason):
            metadata["reason"] = "\(reason.code): \(reason.message)"
            logger.warning("\(work) failed", metadata: metadata)
        }
    }
}
