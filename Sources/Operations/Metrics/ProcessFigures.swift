import Glibc

/// What the kernel knows of this process, in base units.
public struct ProcessFigures: Sendable {
    /// User and system time.
    public let cpuSeconds: Double
    public let residentBytes: Int
    public let virtualBytes: Int
    /// Since 1970.
    public let startSeconds: Double
    public let openFiles: Int
    /// The most that may be open.
    public let openFilesMax: Int
    public let threads: Int

    /// Reads them; nil where there is no `/proc`.
    public static func now() -> ProcessFigures? {
        guard let stat = text("/proc/self/stat"), let boot = bootSeconds() else { return nil }
        // The name stands in brackets and may hold anything: the fields are counted from its end.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21 else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        func number(_ place: Int) -> Double { Double(fields[place]) ?? 0 }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessFigures(
            cpuSeconds: (number(11) + number(12)) / ticks,
            residentBytes: Int(number(21)) * sysconf(Int32(_SC_PAGESIZE)),
            virtualBytes: Int(number(20)), startSeconds: boot + number(19) / ticks,
            openFiles: openFileCount(), openFilesMax: Int(clamping: limit.rlim_cur),
            threads: Int(number(17)))
    }

    private static func bootSeconds() -> Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
    }

    private static func openFileCount() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Two are this directory and the one above; one is what we read it by.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
