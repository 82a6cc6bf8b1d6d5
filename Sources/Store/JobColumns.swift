import Jobs
import Postgres

/// The rows of `rollcall.job` for a batch, column by column as `insert_jobs.sql` takes them.
struct JobColumns {
    private var ids: ArrayParameter
    private var digests: ArrayParameter
    private var offsets: ArrayParameter
    private var requestTimes: ArrayParameter
    private var partitions: ArrayParameter
    // items, created, updated, unchanged, removed, absent, superseded, rejected, attempts
    private var numbers: [ArrayParameter]
    private var dryRuns: ArrayParameter
    private var retried: ArrayParameter
    // kind, state, relation, target, source, mode, topic, trace_id, error_code, error_message
    private var texts: [ArrayParameter]

    init(capacity: Int) {
        ids = ArrayParameter(.uuid, capacity: capacity)
        digests = ArrayParameter(.int8, capacity: capacity)
        offsets = ArrayParameter(.int8, capacity: capacity)
        requestTimes = ArrayParameter(.timestamptz, capacity: capacity)
        partitions = ArrayParameter(.int4, capacity: capacity)
        numbers = (0..<9).map { _ in ArrayParameter(.int4, capacity: capacity) }
        dryRuns = ArrayParameter(.bool, capacity: capacity)
        retried = ArrayParameter(.uuid, capacity: capacity)
        texts = (0..<10).map { _ in ArrayParameter(.text, capacity: capacity) }
    }

    mutating func append(_ report: JobReport) {
        let job = report.job
        let counts = report.counts
        ids.append(uuid: (job.id.high, job.id.low))
        digests.append(int64: Int64(bitPattern: job.digest))
        offsets.append(int64: report.origin.offset)
        requestTimes.append(
            milliseconds: (job.requestedAt ?? report.origin.timestamp).milliseconds)
        partitions.append(int32: report.origin.partition)
        let row = [
            counts.total, counts.created, counts.updated, counts.unchanged,
            counts.removed, counts.absent, counts.superseded, counts.rejected, report.attempts,
        ]
        for (column, number) in row.enumerated() { numbers[column].append(int32: Int32(number)) }
        dryRuns.append(bool: job.isDryRun)
        if let id = job.retryOf {
            retried.append(uuid: (id.high, id.low))
        } else {
            retried.appendNull()
        }
        let words: [String?] = [
            job.kind.rawValue, report.state.rawValue, job.entry,
            job.targetText, job.source, job.mode.rawValue,
            report.origin.topic, job.traceID, report.error?.code, report.error?.message,
        ]
        for (column, word) in words.enumerated() {
            if let word {
                texts[column].append(text: storable(word))
            } else {
                texts[column].appendNull()
            }
        }
    }

    func parameters(worker: String) -> Parameters {
        var parameters = Parameters()
        parameters.append(worker)
        for column in [ids, digests, offsets, requestTimes, partitions] + numbers + [dryRuns]
            + texts + [retried]
        {
            parameters.append(column)
        }
        return parameters
    }
}
