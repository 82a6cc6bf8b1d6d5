internal import CLibrdkafka

/// Owns one `rd_kafka_headers_t` until a message takes it over.
///
/// The corresponding C functions are `rd_kafka_headers_new` and `rd_kafka_headers_destroy`.
struct HeaderList: ~Copyable {
    let raw: OpaquePointer

    init(_ headers: [Header]) {
        raw = rd_kafka_headers_new(headers.count)
        for header in headers {
            withBytes(of: header.value) { value, size in
                _ = rd_kafka_header_add(raw, header.name, -1, value, size)
            }
        }
    }

    deinit { rd_kafka_headers_destroy(raw) }

    /// Ends the ownership, after a message has taken the headers over.
    consuming func relinquish() { discard self }
}

/// Lends `body` the bytes: nil for nil, and an address that is not nil for none at all, because
/// librdkafka tells null from empty by the address.
func withBytes<Result>(
    of bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Result
) -> Result {
    guard let bytes else { return body(nil, 0) }
    if bytes.isEmpty { return withUnsafeBytes(of: 0 as UInt8) { body($0.baseAddress, 0) } }
    return bytes.withUnsafeBytes { body($0.baseAddress, $0.count) }
}
