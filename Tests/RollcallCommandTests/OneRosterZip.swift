import Foundation

/// Writes zips whose files are stored as they are, also zips that nobody should write.
struct OneRosterZip {
    struct Entry {
        var name: String
        var bytes: [UInt8]
        var isEncrypted = false
        /// Its checksum is wrong.
        var isBroken = false
    }

    static func bytes(_ entries: [Entry]) -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array(entry.name.utf8)
            let crc = checksum(entry.bytes) ^ (entry.isBroken ? 1 : 0)
            let size = little(entry.bytes.count, 4)
            let common =
                little(20, 2) + little(entry.isEncrypted ? 0x801 : 0x800, 2) + little(0, 2)
                + little(0, 2) + little(0x21, 2) + little(Int(crc), 4) + size + size
                + little(name.count, 2) + little(0, 2)
            directory +=
                [0x50, 0x4B, 1, 2] + little(20, 2) + common + little(0, 2) + little(0, 2)
                + little(0, 2) + little(0, 4) + little(file.count, 4) + name
            file += [0x50, 0x4B, 3, 4] + common + name + entry.bytes
        }
        let end =
            [0x50, 0x4B, 5, 6] + little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
            + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
        return file + directory + end
    }

    private static func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF as UInt32) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
                crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
            }
        }
    }
}
