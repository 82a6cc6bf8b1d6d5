import Jobs
import Kafka
import RollcallClient

/// A file of jobs, one a line, from which plans are made and nothing is sent.
///
/// A line is what `rollcall enqueue file` takes, or the `data` of such a job alone: that stands for
/// an assign and an unassign.
struct SampleFile {
    private(set) var jobs: [Job] = []
    /// Where each job stands: the file and the line.
    private(set) var places: [String] = []
    private(set) var faults = JobFile.Faults()
    let name: String

    init(_ path: String, _ limits: EnqueueLimits) throws(FileError) {
        let input = try InputFile(path)
        name = input.name
        let reading = JobLine(
            limits: limits, source: EnqueueArgument.defaultSource, isChecked: true)
        var lines = LineReader(input.descriptor, lengthMax: limits.messageBytes)
        while let line = try lines.next() {
            if line.isBlank { continue }
            do throws(MessageFault) {
                let found = try Self.jobs(line, reading)
                jobs += found
                places += found.map { _ in "\(input.name):\(line.number)" }
            } catch {
                faults.add(line: line.number, error)
            }
        }
    }

    private static func jobs(
        _ line: LineReader.Line, _ reading: JobLine
    ) throws(MessageFault) -> [Job] {
        guard isData(line.bytes, depth: reading.limits.jsonDepth) else {
            return [try job(line, reading)]
        }
        var jobs: [Job] = []
        var fault: MessageFault?
        for kind in ["assign", "unassign"] {
            let bytes = Array("{\"type\":\"rollcall.\(kind)\",\"data\":".utf8) + line.bytes + [0x7D]
            do throws(MessageFault) {
                jobs.append(
                    try job(
                        LineReader.Line(
                            number: line.number, bytes: bytes, isTooLong: line.isTooLong), reading))
            } catch {
                // `"members": "all"` is for an unassign, `exact` for an assign.
                fault = fault ?? error
            }
        }
        if jobs.isEmpty, let fault { throw fault }
        return jobs
    }

    private static func isData(_ line: [UInt8], depth: Int) -> Bool {
        guard let document = try? JSONDocument(line, depth: depth) else { return false }
        return document.value("relation", in: document.root) != nil
            && document.value("data", in: document.root) == nil
    }

    private static func job(
        _ line: LineReader.Line, _ reading: JobLine
    ) throws(MessageFault) -> Job {
        let message = try reading.message(line)
        return try Job(
            CloudEvent(
                value: message.value, headers: message.headers.map { ($0.name, $0.value) },
                depth: reading.limits.jsonDepth))
    }
}
