import Kafka

extension Settings.Kafka {
    /// What every client of the brokers needs; the user's own properties win.
    var clientProperties: Properties {
        var all: Properties = [
            "bootstrap.servers": brokers.joined(separator: ","),
            "client.id": clientID,
        ]
        all.merge(properties) { _, own in own }
        return all
    }

    /// What a worker's consumer needs besides.
    func consumerProperties(messageBytes: Int) -> Properties {
        var all = clientProperties
        func milliseconds(_ duration: Duration) -> String {
            "\(duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)"
        }
        let own: Properties = [
            "max.poll.interval.ms": milliseconds(maxPollInterval),
            "session.timeout.ms": milliseconds(sessionTimeout),
            // Records wait in the dispatcher, where they count: librdkafka needs few.
            "queued.max.messages.kbytes": "16384",
            "fetch.message.max.bytes": "\(max(1_048_576, messageBytes))",
            // An idle broker answers a fetch when a record comes; the wait only bounds it.
            "fetch.wait.max.ms": "100",
        ]
        all.merge(own) { given, _ in given }
        return all
    }
}
