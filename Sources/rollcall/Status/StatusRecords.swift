import Jobs
import Store

/// Jobs as lines of fields for other programs: full ids, whole values, no drawing.
enum StatusRecords {
    /// The list, a line a job below a line of heads; fields are separated by tabs.
    static func list(_ jobs: [StatusQuery.Job], ink: StatusInk) -> [String] {
        let heads = [
            "JOB", "KIND", "TARGET", "STATE", "PROGRESS", "DONE", "ITEMS", "REJECTED", "STARTED",
            "TOOK_S", "DRY_RUN",
        ]
        let rows = jobs.map { job in
            [
                job.id.description, VisibleText.escaped(job.kind),
                VisibleText.escaped(job.fullTarget), ink.paint(job.state.rawValue, job.state.color),
                String(job.percentDone), String(job.progress.done), String(job.progress.total),
                String(job.counts.rejected), job.startedAt.description,
                job.tookMilliseconds.map(TimeText.seconds) ?? "", String(job.isDryRun),
            ]
        }
        return ([heads] + rows).map { $0.joined(separator: "\t") }
    }

    /// One job, a line a field, and below an empty line its rejected items.
    static func detail(_ detail: StatusDetail) -> [String] {
        var lines = fields(of: detail.job).map { name, value in
            "\(name)\t\(VisibleText.escaped(value ?? ""))"
        }
        if !detail.parts.isEmpty {
            lines += ["", "STEP\tPART\tITEMS\tSTATE\tATTEMPTS\tWORKER\tTOOK_S\tERROR"]
            for part in detail.parts {
                let error = part.error.map { "\($0.code): \($0.message)" } ?? ""
                lines.append(
                    [
                        "\(part.step)", "\(part.number)", "\(part.items)", part.state,
                        "\(part.attempts)", VisibleText.escaped(part.worker ?? ""),
                        part.milliseconds.map(TimeText.seconds) ?? "", VisibleText.escaped(error),
                    ].joined(separator: "\t"))
            }
        }
        if !detail.rejections.isEmpty {
            lines += ["", "ITEM\tMEMBER\tCODE\tMESSAGE"]
            for item in detail.rejections {
                let texts = [item.member, item.code, item.message].map(VisibleText.escaped)
                lines.append(([String(item.item)] + texts).joined(separator: "\t"))
            }
        }
        return lines
    }

    /// The jobs as CSV (RFC 4180, but lines end as on Unix), below a line of names.
    ///
    /// - Parameter isTerminal: then what could command it is escaped; otherwise values are as they are.
    static func csv(_ jobs: [StatusQuery.Job], isTerminal: Bool) -> [String] {
        let names = fields(of: nil).map(\.name).joined(separator: ",")
        return [names]
            + jobs.map { job in
                fields(of: job).map { _, value in
                    let text = value ?? ""
                    return quoted(isTerminal ? VisibleText.escaped(text) : text)
                }
                .joined(separator: ",")
            }
    }

    private static func quoted(_ text: String) -> String {
        let special = text.utf8.contains { byte in
            [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D].contains(byte)
        }
        guard special else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// Every field of a job under its name in the JSON; without a job, the names.
    private static func fields(of job: StatusQuery.Job?) -> [(name: String, value: String?)] {
        let counts = job?.counts ?? OutcomeCounts()
        return [
            ("id", job?.id.description), ("kind", job?.kind), ("state", job?.state.rawValue),
            ("relation", job?.relation), ("target", job?.target), ("source", job?.source),
            ("mode", job?.mode), ("dry_run", job.map { String($0.isDryRun) }),
            ("skipped", job.map { String($0.isSkipped) }),
            ("requested_at", job?.requestedAt.description),
            ("started_at", job?.startedAt.description),
            ("finished_at", job?.finishedAt?.description),
            ("waited_s", job.map { TimeText.seconds($0.waitedMilliseconds) }),
            ("took_s", job?.tookMilliseconds.map(TimeText.seconds)),
            ("attempts", job.map { String($0.attempts) }),
            ("duplicates", job.map { String($0.duplicates) }),
            ("items", job.map { String($0.items) }),
        ] + counts.named.map { ($0.name, String($0.count)) } + [
            ("pending", job.map { String($0.pending) }),
            ("error_code", job?.error?.code), ("error_message", job?.error?.message),
            ("topic", job?.topic), ("partition", job.map { String($0.partition) }),
            ("offset", job.map { String($0.offset) }), ("trace_id", job?.traceID),
            ("worker", job?.worker), ("parts", job?.parts.map { String($0.total) }),
            ("parts_done", job?.parts.map { String($0.done) }),
            ("parts_failed", job?.parts.map { String($0.failed) }),
            ("rows_planned", job?.parts.map { String($0.planned) }),
            ("rows_walked", job?.parts.map { String($0.walked) }),
            ("step", job?.parts.map { String($0.step) }),
            ("steps", job?.parts.map { String($0.steps) }),
            ("paused", job?.parts.map { String($0.isPaused) }),
            ("waits_for", job?.parts?.waitsFor), ("retry_of", job?.retryOf?.description),
        ]
    }
}
