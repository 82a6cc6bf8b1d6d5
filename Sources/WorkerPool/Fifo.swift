/// A queue: first in, first out, without moving what is behind the first.
struct Fifo<Element> {
    private var elements: [Element] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) { elements.append(element) }

    /// Puts elements before the first, in their order.
    mutating func prepend(_ earlier: [Element]) {
        elements = earlier + elements[head...]
        head = 0
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        head += 1
        // Each element is moved once at most for every time that it is passed.
        if head > 64, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll(where isDropped: (Element) -> Bool) {
        elements = elements[head...].filter { !isDropped($0) }
        head = 0
    }

    func forEach(_ body: (Element) -> Void) {
        for element in elements[head...] { body(element) }
    }
}
