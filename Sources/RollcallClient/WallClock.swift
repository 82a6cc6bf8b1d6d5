import Glibc
import Jobs

extension Timestamp {
    /// The time of day, by `clock_gettime`.
    public static func now() -> Timestamp {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return Timestamp(
            milliseconds: Int64(moment.tv_sec) * 1_000 + Int64(moment.tv_nsec) / 1_000_000)
    }
}

extension JobID {
    /// A new id of version 7: ids sort by the time at which they were made.
    public static func now() -> JobID { .version7(milliseconds: Timestamp.now().milliseconds) }
}
