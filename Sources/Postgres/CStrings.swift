/// Lends texts as a C array of zero-terminated strings that itself ends with null.
///
/// All bytes live in one arena, so nothing is allocated or freed for each.
func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var arena: [CChar] = []
    var offsets: [Int] = []
    for text in texts {
        offsets.append(arena.count)
        arena.append(contentsOf: text.utf8.map { CChar(bitPattern: $0) })
        arena.append(0)
    }
    return arena.withUnsafeBufferPointer { bytes in
        var pointers: [UnsafePointer<CChar>?] = offsets.map { bytes.baseAddress! + $0 }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
