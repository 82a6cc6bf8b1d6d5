import Kafka

/// What became of a record that was sent.
enum RecordFate: Equatable {
    case published
    /// It can never be published, for this reason.
    case refused(String)
    /// The broker refused the records that travelled together, perhaps for the sake of another.
    case refusedInCompany
    /// Not published yet: the record is not at fault, or nothing is known.
    case waits(KafkaError?)

    /// The errors that are a record's own, by librdkafka's names.
    private static let ownFaults: Set = ["MSG_SIZE_TOO_LARGE", "INVALID_RECORD"]

    /// - Parameter isAlone: whether nothing else was on its way to the broker.
    init(_ result: Result<Placement, KafkaError>, isAlone: Bool) {
        switch result {
        case .success: self = .published
        case .failure(let error):
            guard Self.ownFaults.contains(error.name) else {
                self = .waits(error)
                return
            }
            self = isAlone ? .refused("\(error)") : .refusedInCompany
        }
    }
}
