import ArgumentParser

/// In which form a list is shown, once or again and again.
struct ListingForm: ParsableArguments {
    @Flag(help: "One JSON object with all there is to know.")
    var json = false

    @Flag(help: "Show it again whenever it has changed, until interrupted.")
    var watch = false

    @Option(help: "Colour: auto, always or never; NO_COLOR turns auto off.")
    var color = StatusColorChoice.auto

    func validate() throws {
        guard !json || !watch else {
            throw ValidationError("expected one of --json and --watch, got both")
        }
    }

    var screen: Screen { Screen(color: color, isJSON: json) }

    /// Shows what a look finds; a reader that goes away ends it, and is no error.
    func show(_ look: () throws -> Listing) throws {
        do {
            if watch {
                try Listing.watch(on: screen, look)
            } else {
                try look().show(on: screen)
            }
        } catch is StatusOutput.ReaderGone {
            return
        }
    }
}
