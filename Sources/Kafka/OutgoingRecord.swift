internal import CLibrdkafka

/// One record on its way to librdkafka.
struct OutgoingRecord {
    let topic: String
    let partition: Int32?
    let key: [UInt8]?
    let value: [UInt8]?
    let headers: [Header]
    let timestamp: Int64?
    let tag: Int

    /// Queues the record and returns the rich C error, if any, for the caller to read and free.
    ///
    /// The corresponding C function is `rd_kafka_produceva`.
    func produce(_ client: borrowing ClientHandle) -> OpaquePointer? {
        let raw = client.raw
        return topic.withCString { topic in
            withBytes(of: key) { key, keySize in
                withBytes(of: value) { value, valueSize in
                    var fields = [
                        field(RD_KAFKA_VTYPE_TOPIC) { $0.cstr = topic },
                        field(RD_KAFKA_VTYPE_PARTITION) {
                            $0.i32 = partition ?? RD_KAFKA_PARTITION_UA
                        },
                        field(RD_KAFKA_VTYPE_MSGFLAGS) { $0.i = RD_KAFKA_MSG_F_COPY },
                        field(RD_KAFKA_VTYPE_KEY) {
                            $0.mem.ptr = UnsafeMutableRawPointer(mutating: key)
                            $0.mem.size = keySize
                        },
                        field(RD_KAFKA_VTYPE_VALUE) {
                            $0.mem.ptr = UnsafeMutableRawPointer(mutating: value)
                            $0.mem.size = valueSize
                        },
                        field(RD_KAFKA_VTYPE_TIMESTAMP) { $0.i64 = timestamp ?? 0 },
                        field(RD_KAFKA_VTYPE_OPAQUE) {
                            $0.ptr = UnsafeMutableRawPointer(bitPattern: tag)
                        },
                    ]
                    if headers.isEmpty { return rd_kafka_produceva(raw, fields, fields.count) }
                    let list = HeaderList(headers)
                    fields.append(field(RD_KAFKA_VTYPE_HEADERS) { $0.headers = list.raw })
                    let error = rd_kafka_produceva(raw, fields, fields.count)
                    // Only a message that was accepted has taken the headers over.
                    if error == nil { list.relinquish() }
                    return error
                }
            }
        }
    }
}

private typealias FieldValue = rd_kafka_vu_s.__Unnamed_union_u

private func field(_ type: rd_kafka_vtype_t, _ set: (inout FieldValue) -> Void) -> rd_kafka_vu_t {
    var value = FieldValue()
    set(&value)
    return rd_kafka_vu_t(vtype: type, u: value)
}

extension EventHandle {
    /// Reads a delivery report.
    ///
    /// The corresponding C function is `rd_kafka_event_message_next`.
    func appendDeliveries(to deliveries: inout [Delivery]) {
        while let message = rd_kafka_event_message_next(raw) {
            let tag = Int(bitPattern: message.pointee._private)
            let code = message.pointee.err
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                let placement = Placement(
                    partition: message.pointee.partition, offset: message.pointee.offset)
                deliveries.append(Delivery(tag: tag, result: .success(placement)))
            } else {
                let topic = message.pointee.rkt.map { String(cString: rd_kafka_topic_name($0)) }
                let error = KafkaError(code, doing: "delivering to \(topic ?? "a topic")")
                deliveries.append(Delivery(tag: tag, result: .failure(error)))
            }
        }
    }
}
