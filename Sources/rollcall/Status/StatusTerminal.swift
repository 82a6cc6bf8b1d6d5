import Glibc

/// What standard output is connected to.
struct StatusTerminal {
    /// Whether it is a terminal.
    let isTerminal: Bool
    /// Its width in columns; 80 if it does not say.
    let width: Int
    /// Its height in lines; 24 if it does not say.
    let height: Int

    init(isTerminal: Bool, width: Int, height: Int) {
        self.isTerminal = isTerminal
        self.width = width
        self.height = height
    }

    /// Looks at a file descriptor.
    init(_ descriptor: Int32) {
        isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        width = isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80
        height = isKnown && size.ws_row > 0 ? Int(size.ws_row) : 24
    }
}
