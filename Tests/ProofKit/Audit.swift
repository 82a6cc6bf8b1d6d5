import Jobs
import Kafka

/// Compares what is in the database with what the reference says.
struct Audit {
    let stream: JobStream
    let expectation: Expectation
    /// Where each message stands.
    let places: [Place]
    let ledger: Ledger
    private var findings: [String] = []

    init(_ stream: JobStream, _ expectation: Expectation, places: [Place], _ ledger: Ledger) {
        self.stream = stream
        self.expectation = expectation
        self.places = places
        self.ledger = ledger
    }

    /// Everything that is not as it must be; none is the proof.
    static func findings(
        _ stream: JobStream, _ expectation: Expectation, places: [Place], _ ledger: Ledger
    ) -> [String] {
        var audit = Audit(stream, expectation, places: places, ledger)
        audit.compareTables()
        audit.compareMessages()
        audit.compareJobs()
        audit.compareOrder()
        return audit.findings
    }

    private mutating func expect<Value: Equatable>(
        _ what: @autoclosure () -> String, _ expected: Value, _ got: Value
    ) {
        guard expected != got else { return }
        findings.append("\(what()): expected \(expected), got \(got)")
    }

    // MARK: What is there

    private mutating func compareTables() {
        for name in expectation.contents.keys.sorted() {
            let expected = expectation.contents[name] ?? []
            let got = ledger.contents[name] ?? []
            guard expected != got else { continue }
            let differences = got.difference(from: expected).map { change in
                switch change {
                case .insert(_, let row, _): "surplus \(row)"
                case .remove(_, let row, _): "missing \(row)"
                }
            }
            findings.append("rows of \(name): \(differences.joined(separator: ", "))")
        }
    }

    private mutating func compareMessages() {
        let duplicates = Dictionary(
            uniqueKeysWithValues: expectation.duplicates.map { (places[$0], "\($1)") })
        for place in Set(duplicates.keys).union(ledger.duplicates.keys).sorted() {
            expect("duplicate at \(place)", duplicates[place], ledger.duplicates[place])
        }
        let letters = Dictionary(
            uniqueKeysWithValues: expectation.deadLetters.map { (places[$0], [$1]) })
        for place in Set(letters.keys).union(ledger.deadLetters.keys).sorted() {
            expect("dead letter at \(place)", letters[place], ledger.deadLetters[place])
        }
    }

    // MARK: Jobs

    private mutating func compareJobs() {
        let ids = Set(expectation.jobs.map { "\($0.job.id)" })
        for id in Set(ledger.jobs.keys).subtracting(ids).sorted() {
            findings.append("job \(id): expected none, got a receipt")
        }
        let neighbours = Neighbours(stream, expectation, ledger)
        for job in expectation.jobs {
            let id = "\(job.job.id)"
            guard let receipt = ledger.jobs[id] else {
                findings.append("job \(id): expected a receipt, got none")
                continue
            }
            let name = "message \(job.message), job \(id)"
            expect("\(name), place", places[job.message], receipt.place)
            expect("\(name), state", job.state, receipt.state)
            expect("\(name), dry run", job.job.isDryRun, receipt.isDryRun)
            let wishesOfSwept = job.swept.indices.map { neighbours.outcomes(ofSwept: $0, in: job) }
            let surelySwept = wishesOfSwept.count { !$0.contains("not counted") }
            let range = job.fates.count + surelySwept...job.fates.count + job.swept.count
            expect("\(name), items \(receipt.items) in \(range)", true, range ~= receipt.items)
            expect("\(name), sum", receipt.items, receipt.counts.values.reduce(0, +))
            compareRejections(name, job, ledger.rejections[id] ?? [:])
            let wishes =
                job.fates.enumerated().map { number, fate in
                    neighbours.outcomes(of: fate, number: number, in: job)
                } + wishesOfSwept
            if let problem = Feasibility.problem(wishes: wishes, counts: receipt.counts) {
                findings.append(
                    "\(name): \(problem); alone it is \(job.fates), swept \(job.swept.map(\.row))")
            }
        }
        for (transaction, expected, got) in neighbours.growths where expected != got {
            findings.append(
                "transaction \(transaction): expected \(expected) rows more, got counts for \(got)")
        }
    }

    private mutating func compareRejections(
        _ name: String, _ job: Expectation.ExpectedJob, _ codes: [Int: String]
    ) {
        for (index, fate) in job.fates.enumerated() {
            let code = codes[index + 1]
            switch fate {
            case .rejected(let allowed):
                guard code.map(allowed.contains) != true else { continue }
                findings.append(
                    "\(name), item \(index + 1): expected \(allowed.sorted()), "
                        + "got \(code ?? "no rejection")")
            default:
                if let code {
                    findings.append("\(name), item \(index + 1): expected \(fate), got \(code)")
                }
            }
        }
        for number in codes.keys where !job.fates.indices.contains(number - 1) {
            findings.append("\(name), item \(number): expected none, got a rejection")
        }
    }

    /// The jobs of a key were executed in their order, each in a transaction not before the last.
    private mutating func compareOrder() {
        var last: [String: (transaction: Int, message: Int)] = [:]
        for job in expectation.jobs {
            guard let receipt = ledger.jobs["\(job.job.id)"] else { continue }
            let message = stream.messages[job.message]
            let group = stream.groups[message.group]
            let key = group.key ?? "\(job.job.relation)/\(group.teams)"
            if let before = last[key], before.transaction > receipt.transaction {
                findings.append(
                    "message \(job.message) of \(key): expected it after message "
                        + "\(before.message), got transaction \(receipt.transaction) before "
                        + "\(before.transaction)")
            }
            last[key] = (receipt.transaction, job.message)
        }
    }
}
