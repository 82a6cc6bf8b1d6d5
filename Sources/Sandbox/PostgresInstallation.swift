import Glibc

/// The programs of a Postgres server on this machine.
struct PostgresInstallation: Sendable {
    /// The directory that `initdb` and `postgres` are in.
    let programs: String

    /// Finds the server that `PG_CONFIG` belongs to, else the newest of Debian's places, else the
    /// one in `PATH`.
    static func find() throws(SandboxError) -> PostgresInstallation {
        let debian = "/usr/lib/postgresql/*/bin"
        var candidates: [String] = []
        if let program = environment("PG_CONFIG") {
            candidates.append(try output(of: program, "--bindir"))
        }
        candidates += paths(matching: debian).sorted { version(in: $0) > version(in: $1) }
        candidates += environment("PATH")?.split(separator: ":").map(String.init) ?? []
        for programs in candidates where isServer(programs) {
            return PostgresInstallation(programs: programs)
        }
        throw SandboxError(
            "expected initdb in \(debian), got none: install the Debian package postgresql")
    }

    /// Whether the extension can be preloaded; it is in a package of its own on some systems.
    func hasLibrary(_ name: String) -> Bool {
        let places = ["\(programs)/../lib", "\(programs)/../lib/postgresql"]
        return places.contains { access("\($0)/\(name).so", R_OK) == 0 }
    }

    private static func isServer(_ directory: String) -> Bool {
        access("\(directory)/initdb", X_OK) == 0 && access("\(directory)/postgres", X_OK) == 0
    }

    private static func version(in path: String) -> Int {
        path.split(separator: "/").lazy.compactMap { Int($0) }.first ?? 0
    }

    private static func output(of program: String, _ argument: String) throws(SandboxError)
        -> String
    {
        let process = try ChildProcess(program, [argument], standardOutput: .pipe)
        let line = try process.standardOutput?.readLine(timeout: .seconds(10))
        let status = process.wait()
        guard status.isSuccess, let line else {
            throw SandboxError("\(program) ended with \(status) - while asking for \(argument)")
        }
        return line
    }
}

/// A variable of the environment, unless it is empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

/// The corresponding C function is `glob`.
private func paths(matching pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
        found.gl_pathv[index].map { String(cString: $0) }
    }
}
