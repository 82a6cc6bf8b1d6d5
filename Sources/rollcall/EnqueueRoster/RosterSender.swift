import ArgumentParser
import Foundation
import Jobs
import RollcallClient

/// Sends the parts of one roster import.
struct RosterSender {
    let request: RosterRequest
    let envelope: Envelope
    let key: String?
    let limits: EnqueueLimits

    func message(_ part: RosterRequest.Part) throws(MessageFault) -> OutgoingMessage {
        let message = try OutgoingMessage(
            request, part, envelope, key: key, depth: limits.jsonDepth)
        try limits.check(message)
        return message
    }

    /// The bytes of a part's message, however many parts there are.
    func messageBytes(_ part: RosterRequest.Part) throws(MessageFault) -> Int {
        var part = part
        part.number = RosterPart.countLimit
        part.count = RosterPart.countLimit
        return try message(part).value.count
    }

    /// Sends all parts, prints the job's id and, if asked to, waits for its end.
    func send(_ roster: RosterFiles, _ count: Int, _ session: EnqueueSession) throws {
        var session = session
        do {
            try roster.forEachPart(of: count) { part in
                try session.send(try message(part), tag: part.number)
            }
        } catch let error as JobFileChanged {
            complain("\(error): job \(envelope.id) will lack parts, send the file anew")
            session.isSpoilt = true
        }
        do {
            try session.finish(name: { job, _ in job.map { "\($0)" } ?? "the job" }) {
                print(envelope.id)
                // Whoever reads it should not have to wait as well.
                fflush(nil)
            }
        } catch let code as ExitCode {
            // Whatever else is wrong: as long as parts are missing the job does not begin.
            if let sent = session.sentParts {
                complain(
                    "job \(envelope.id): sent \(sent) of \(NumberText.counted(count, "part")); to go "
                        + "on, send the same file with --id \(envelope.id)")
            }
            throw code
        }
    }
}
