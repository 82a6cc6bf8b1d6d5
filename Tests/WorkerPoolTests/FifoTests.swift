import Sandbox
import Testing

@testable import WorkerPool

@Suite struct FifoTests {
    @Test func whatCameFirstLeavesFirst() {
        var queue = Fifo<Int>()
        #expect(queue.isEmpty)
        let nothing = queue.popFirst()
        #expect(nothing == nil)
        for number in 0..<300 { queue.append(number) }
        #expect(queue.count == 300)
        #expect(queue.first == 0)
        let left = (0..<300).map { _ in queue.popFirst() }
        #expect(left == Array(0..<300))
        #expect(queue.isEmpty)
        #expect(queue.first == nil)
    }

    @Test func removingKeepsTheOrderOfTheRest() {
        var queue = Fifo<Int>()
        for number in 0..<100 { queue.append(number) }
        for _ in 0..<50 { _ = queue.popFirst() }
        queue.removeAll { $0 % 2 == 0 }
        var rest: [Int] = []
        queue.forEach { rest.append($0) }
        #expect(rest == Array(stride(from: 51, to: 100, by: 2)))
        #expect(queue.count == 25)
        let next = queue.popFirst()
        #expect(next == 51)
    }

    @Test func itBehavesAsAnArrayDoes() {
        var generator = SeededGenerator(seed: 7)
        var queue = Fifo<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                queue.append(step)
                model.append(step)
            case 5..<9:
                let popped = queue.popFirst()
                #expect(popped == model.first)
                model = Array(model.dropFirst())
            default:
                queue.removeAll { $0 % 97 == 0 }
                model.removeAll { $0 % 97 == 0 }
            }
            #expect(queue.count == model.count)
            #expect(queue.first == model.first)
            #expect(queue.isEmpty == model.isEmpty)
        }
    }
}
