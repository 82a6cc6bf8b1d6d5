internal import CLibrdkafka

/// The topic names seen in one poll, so that a record does not cost a string of its own.
///
/// It compares names, not topic addresses: librdkafka may free a topic and reuse its address.
struct TopicNames {
    private var known: [String] = []
    private var last = 0

    mutating func name(of topic: OpaquePointer?) -> String {
        guard let topic, let name = rd_kafka_topic_name(topic) else { return "" }
        if last < known.count, known[last].isEqual(to: name) { return known[last] }
        if let index = known.firstIndex(where: { $0.isEqual(to: name) }) {
            last = index
        } else {
            last = known.count
            known.append(String(cString: name))
        }
        return known[last]
    }
}

extension String {
    fileprivate func isEqual(to name: UnsafePointer<CChar>) -> Bool {
        var next = name
        for byte in utf8 {
            // A C string that ends earlier differs here, in its final zero.
            if UInt8(bitPattern: next.pointee) != byte { return false }
            next += 1
        }
        return next.pointee == 0
    }
}
