import Jobs
import RollcallClient

/// No more parts are wanted.
private struct Stopped: Error {}

/// The files of one roster import.
struct RosterFiles {
    let files: [RosterFile]

    private var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

    /// Reads all files.
    ///
    /// - Returns: how many parts they make, and what is wrong with them.
    func check(_ limits: Settings.Roster) throws -> (parts: Int, faults: RosterFaults) {
        let progress = ProgressLine("checking", total: byteCount, unit: .bytes)
        defer { progress.clear() }
        var parts = 0
        var rows = 0
        var faults = RosterFaults()
        var bytesBefore = 0
        for file in files {
            guard file.byteCount <= limits.fileBytes else {
                faults.add(
                    file.input.name,
                    "expected a file of at most \(ByteCount.text(limits.fileBytes)), got "
                        + "\(NumberText.grouped(file.byteCount)) bytes")
                continue
            }
            let contents = try file.forEachPart(progress: { progress.update(bytesBefore + $0) }) {
                _ in
            }
            bytesBefore += file.byteCount
            parts += contents.slices
            rows += contents.rows
            faults.add(contents.faults)
        }
        if rows > limits.rows, faults.count == 0 {
            faults.add(
                files.map(\.input.name).joined(separator: " "),
                "expected at most \(NumberText.grouped(limits.rows)) rows, got "
                    + NumberText.grouped(rows))
        }
        if parts > RosterPart.countLimit {
            faults.add(
                "--part-size",
                "expected at most \(NumberText.grouped(RosterPart.countLimit)) parts, got "
                    + NumberText.grouped(parts))
        }
        return (parts, faults)
    }

    /// Reads all files again and gives each part with its number to the body, until it says false.
    ///
    /// - Parameter count: the parts that there are.
    /// - Throws: ``JobFileChanged`` if a file is no more the one that was checked.
    func forEachPart(of count: Int, _ body: (RosterRequest.Part) throws -> Bool) throws {
        var number = 0
        do {
            for file in files {
                let contents = try file.forEachPart(progress: { _ in }) { part in
                    number += 1
                    // More than were announced: the file grows while it is read.
                    guard number <= count else { throw JobFileChanged(name: file.input.name) }
                    var part = part
                    part.number = number
                    part.count = count
                    guard try body(part) else { throw Stopped() }
                }
                guard contents.faults.count == 0, !file.isChanged else {
                    throw JobFileChanged(name: file.input.name)
                }
            }
        } catch is Stopped {}
    }
}
