/// How many items a transaction should have, so that it takes as long as it is meant to.
///
/// Transactions that are too long hold locks and delay what comes behind them; too short ones spend
/// their time on beginning and ending. It follows what transactions took, upwards in small steps and
/// downwards at once, and halves when one of them was in somebody's way.
struct BatchSize {
    /// What a transaction should take.
    let aim: Duration
    /// The most items, from the settings.
    let limit: Int
    /// The items that the next transaction should have.
    private(set) var items: Int
    /// What a transaction took lately.
    private(set) var smoothedTime = Duration.zero

    init(aim: Duration, limit: Int) {
        self.aim = aim
        self.limit = limit
        items = limit
    }

    /// Notes a transaction that was committed.
    mutating func committed(items count: Int, took time: Duration) {
        smoothedTime = smoothedTime * 0.75 + time * 0.25
        guard time > .zero else { return }
        let ratio = aim / time
        if ratio < 1 {
            // A small batch that was slow had a reason of its own: a lock, one slow item.
            guard count * 8 >= items else { return }
            items = max(1, items / 4, min(items, Int(Double(count) * ratio)))
        } else if count * 2 > items {
            items = min(limit, Int((Double(items) * min(ratio, 1.5)).rounded(.up)))
        }
    }

    /// Notes one that waited for a lock in vain, was chosen to give way, or ran out of time.
    mutating func slowed() { items = max(1, items / 2) }
}
