/// Metrics in Prometheus's text format 0.0.4.
public struct MetricsText: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    public typealias Labels = KeyValuePairs<String, String>

    public private(set) var bytes: [UInt8] = []

    public init() { bytes.reserveCapacity(64 * 1024) }

    /// Begins a metric; its samples follow.
    ///
    /// - Parameter help: one line.
    public mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        append("# HELP \(name) \(help.replacing("\\", with: "\\\\"))\n")
        append("# TYPE \(name) \(kind.rawValue)\n")
    }

    public mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        append(name)
        append(labels, more: nil)
        append(" \(Self.text(value))\n")
    }

    public mutating func sample(_ name: String, _ labels: Labels, _ value: Int) {
        sample(name, labels, Double(value))
    }

    /// - Parameter counts: one a bound, and one for what lies above all bounds.
    public mutating func histogram(
        _ name: String, _ labels: Labels, bounds: [Double], counts: [Int], sum: Double
    ) {
        var total = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            total += count
            append("\(name)_bucket")
            append(labels, more: Self.text(bound))
            append(" \(total)\n")
        }
        append("\(name)_sum")
        append(labels, more: nil)
        append(" \(Self.text(sum))\n\(name)_count")
        append(labels, more: nil)
        append(" \(total)\n")
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(_ labels: Labels, more bound: String?) {
        var parts = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
        if let bound { parts.append("le=\"\(bound)\"") }
        if !parts.isEmpty { append("{\(parts.joined(separator: ","))}") }
    }

    private static func text(_ value: Double) -> String {
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value.isNaN { return "NaN" }
        return value.rounded() == value && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}
