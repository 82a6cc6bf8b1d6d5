import Crypto
import CryptoExtras
import FoundationEssentials

/// A password hashed as Django's `PBKDF2PasswordHasher` does: PBKDF2 (RFC 8018) with HMAC-SHA-256,
/// a salt of 22 letters and digits, 32 bytes in base64.
enum DjangoPassword {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let saltLength = 22
    private static let hashBytes = 32
    private static let algorithm = "pbkdf2_sha256"

    static func hash(_ password: String, iterations: Int) throws -> String {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<saltLength).map { _ in
            alphabet[Int.random(in: alphabet.indices, using: &random)]
        }
        return try hash(password, salt: salt, iterations: iterations)
    }

    /// Whether a password is the one that was hashed; nil for a hash of another kind.
    static func matches(_ password: String, _ hash: String) throws -> Bool? {
        let fields = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0] == algorithm, let iterations = Int(fields[1]),
            (1...mostIterations).contains(iterations)
        else { return nil }
        return try self.hash(password, salt: Array(fields[2].utf8), iterations: iterations) == hash
    }

    /// More would be a mistake, and would hold a worker up for minutes.
    private static let mostIterations = 10_000_000

    static func hash(_ password: String, salt: [UInt8], iterations: Int) throws -> String {
        // How many rounds are enough is the catalog's to say, which must agree with its application.
        let key = try KDF.Insecure.PBKDF2.deriveKey(
            from: Array(password.utf8), salt: salt, using: .sha256, outputByteCount: hashBytes,
            unsafeUncheckedRounds: iterations)
        let hash = key.withUnsafeBytes { Data($0).base64EncodedString() }
        return "\(algorithm)$\(iterations)$\(String(decoding: salt, as: UTF8.self))$\(hash)"
    }
}
