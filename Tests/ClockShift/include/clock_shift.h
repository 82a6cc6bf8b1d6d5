/// A library to be loaded before others (`LD_PRELOAD`) into a process whose wall clock shall be wrong by
/// `CLOCK_SHIFT` seconds. Clocks that count from the start of the machine stay right.
