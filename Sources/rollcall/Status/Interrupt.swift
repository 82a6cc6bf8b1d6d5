import Glibc

/// Lets Ctrl-C end the program with 130 while it waits; the jobs go on.
func exitAtInterrupt() { signal(SIGINT, endInterrupted) }

/// Runs as a signal handler: only what is safe there.
private func endInterrupted(_ number: Int32) {
    _exit(128 + number)
}
