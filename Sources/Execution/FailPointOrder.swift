#if FAIL_POINTS
    import Glibc
    import Jobs
    import Synchronization

    /// What `ROLLCALL_FAIL_POINT` asks for.
    final class FailPointOrder: Sendable {
        enum Action: Equatable {
            case kill
            case stop
            /// Until the file is gone; a file beside it, with `.reached` behind its name, says that
            /// somebody waits.
            case hold(String)
        }

        let place: FailPoint
        /// The job that it is about.
        let job: JobID?
        let action: Action
        private let passesLeft: Atomic<Int>

        /// What this process was told at its start.
        static let given: FailPointOrder? = getenv("ROLLCALL_FAIL_POINT").map { text in
            guard let order = FailPointOrder(String(cString: text)) else {
                fatalError(
                    "ROLLCALL_FAIL_POINT: expected place[=job]:[number:]kill|stop|hold=path, got "
                        + String(cString: text))
            }
            return order
        }

        /// Reads `place[=job]:[number:]action`.
        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count >= 2 else { return nil }
            let name = parts[0].split(separator: "=", maxSplits: 1).map(String.init)
            guard let place = FailPoint(rawValue: name[0]) else { return nil }
            self.place = place
            job = name.count == 2 ? JobID(name[1]) : nil
            guard (place == .duringJob) == (job != nil) else { return nil }
            let number = parts.count == 3 ? Int(parts[1]) : 1
            guard let number, number > 0 else { return nil }
            passesLeft = Atomic(number)
            switch parts[parts.count - 1] {
            case "kill": action = .kill
            case "stop": action = .stop
            case let word where word.hasPrefix("hold=/"):
                action = .hold(String(word.dropFirst("hold=".count)))
            default: return nil
            }
        }

        /// Acts when the place is reached for the last time asked for.
        func count() {
            if passesLeft.subtract(1, ordering: .relaxed).newValue == 0 { act() }
        }

        func act() {
            switch action {
            case .kill: kill(getpid(), SIGKILL)
            // To this thread: another one might take it a moment later.
            case .stop: raise(SIGSTOP)
            case .hold(let path):
                close(open(path + ".reached", O_CREAT | O_WRONLY, 0o600))
                while access(path, F_OK) == 0 { usleep(2_000) }
            }
        }
    }
#endif
