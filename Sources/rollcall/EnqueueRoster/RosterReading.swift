import Jobs
import RollcallClient

/// How the files of a roster are read and cut.
struct RosterReading {
    let format: RosterPart.Format
    let encoding: TextEncoding
    let limits: Settings.Roster
    /// The most bytes of a message.
    let partBytes: Int
    /// The bytes of a part's message.
    let messageBytes: (RosterRequest.Part) throws -> Int

    /// What the message of a part that has no rows yet has room for.
    func budget(_ part: RosterRequest.Part) throws -> Int {
        let budget = partBytes - (try messageBytes(part))
        guard budget > 0 else {
            throw RosterFileFault(
                "expected columns' names that leave room for rows in a message of "
                    + "\(ByteCount.text(partBytes)), got none left")
        }
        return budget
    }

    var csvLimits: CSVReader.Limits {
        CSVReader.Limits(
            rowBytes: partBytes, columns: limits.columns, fieldBytes: limits.fieldBytes)
    }
}
