/// Makes a failing stream small, so that a person can read it: delta debugging (Zeller and
/// Hildebrandt, 2002), first over messages and then over the items of each.
public struct Shrinker {
    private let fails: (JobStream) throws -> Bool
    private var triesLeft: Int

    private init(tries: Int, _ fails: @escaping (JobStream) throws -> Bool) {
        triesLeft = tries
        self.fails = fails
    }

    /// The smallest stream found that still fails.
    ///
    /// - Parameters:
    ///   - tries: how often to ask at most.
    ///   - fails: executes a stream and says whether it fails as the first did.
    public static func shrink(
        _ stream: JobStream, tries: Int = 60, while fails: @escaping (JobStream) throws -> Bool
    ) throws -> JobStream {
        var shrinker = Shrinker(tries: tries, fails)
        var stream = stream
        stream.messages = try shrinker.reduce(stream.messages) { messages in
            var smaller = stream
            smaller.messages = messages
            return smaller
        }
        for number in stream.messages.indices {
            guard case .job(let job, let isShuffled) = stream.messages[number].content else {
                continue
            }
            let entries = try shrinker.reduce(job.entries) { entries in
                var smaller = stream
                smaller.messages[number].content = .job(
                    job.with(entries: entries), isShuffled: isShuffled)
                return smaller
            }
            stream.messages[number].content = .job(
                job.with(entries: entries), isShuffled: isShuffled)
        }
        return stream
    }

    /// Leaves out runs of elements, from long to short, as long as the rest fails.
    private mutating func reduce<Element>(
        _ elements: [Element], _ stream: ([Element]) -> JobStream
    ) throws -> [Element] {
        var elements = elements
        var length = (elements.count + 1) / 2
        while length > 0, triesLeft > 0 {
            var start = 0
            while start < elements.count, triesLeft > 0 {
                var fewer = elements
                fewer.removeSubrange(start..<min(start + length, elements.count))
                triesLeft -= 1
                if try fails(stream(fewer)) { elements = fewer } else { start += length }
            }
            length = length == 1 ? 0 : (length + 1) / 2
        }
        return elements
    }
}

extension PlannedJob {
    fileprivate func with(entries: [Entry]) -> PlannedJob {
        var job = self
        job.entries = entries
        return job
    }
}
