/// How many messages of the job topics no worker has read yet, if that can be known.
enum JobLag: Sendable, Equatable {
    case messages(Int)
    case unknown(why: String)

    var text: String {
        switch self {
        case .messages(let count): "lag \(NumberText.counted(count, "message"))"
        case .unknown(let why): "lag unknown: \(VisibleText.escaped(why))"
        }
    }
}
