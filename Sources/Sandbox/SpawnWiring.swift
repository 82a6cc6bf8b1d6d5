import Glibc

/// The descriptors and attributes of one `posix_spawn`, released whether it succeeds or not.
struct SpawnWiring: ~Copyable {
    private var actions = posix_spawn_file_actions_t()
    /// The child's ends of pipes, which are ours only until the child has them.
    private var childEnds: [Int32] = []

    init() {
        posix_spawn_file_actions_init(&actions)
    }

    deinit {
        for descriptor in childEnds { close(descriptor) }
        var actions = actions
        posix_spawn_file_actions_destroy(&actions)
    }

    /// Leads descriptor `target` of the child to `stream`; returns our end of a pipe.
    mutating func connect(
        _ target: Int32, _ stream: ChildProcess.Stream
    ) throws(SandboxError) -> PipeEnd? {
        let isInput = target == STDIN_FILENO
        switch stream {
        case .inherit:
            return nil
        case .null:
            open(target, "/dev/null", isInput ? O_RDONLY : O_WRONLY)
            return nil
        case .file(let path):
            open(target, path, isInput ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND)
            return nil
        case .pipe:
            var ends: [Int32] = [-1, -1]
            // Sockets and not a pipe: they are close-on-exec from birth, and a write to one that
            // nobody reads need not raise SIGPIPE in the whole process.
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            let made = socketpair(AF_UNIX, type, 0, &ends)
            guard made == 0 else {
                throw SandboxError("socketpair", errno: errno, doing: "starting a child process")
            }
            childEnds.append(ends[1])
            // This also clears close-on-exec, but in the child only.
            posix_spawn_file_actions_adddup2(&actions, ends[1], target)
            return PipeEnd(ends[0])
        }
    }

    private mutating func open(_ target: Int32, _ path: String, _ flags: Int32) {
        posix_spawn_file_actions_addopen(&actions, target, path, flags, 0o600)
    }

    /// Starts the program.
    ///
    /// The corresponding C function is `posix_spawnp`.
    consuming func spawn(
        _ executable: String, _ arguments: [String], environment: [String: String]?,
        newSession: Bool
    ) throws(SandboxError) -> pid_t {
        // Whatever a library left open without close-on-exec ends here too.
        _ = closeFrom?(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Dispatch blocks signals on its threads and servers ignore SIGPIPE; both would be inherited.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if newSession { flags |= spawnSetSession }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        let code = withStrings([executable] + arguments) { arguments in
            guard let environment else {
                return posix_spawnp(&pid, executable, &actions, &attributes, arguments, environ)
            }
            return withStrings(environment.map { "\($0.key)=\($0.value)" }) {
                posix_spawnp(&pid, executable, &actions, &attributes, arguments, $0)
            }
        }
        guard code == 0 else {
            throw SandboxError("posix_spawn", errno: code, doing: "starting \(executable)")
        }
        return pid
    }
}

/// The C function `posix_spawn_file_actions_addclosefrom_np` of glibc 2.34 and newer.
///
/// Looked up by name, because headers show it to Swift only as a GNU extension. Without it the
/// descriptors that this package opens are still close-on-exec, all of them.
private let closeFrom: CloseFrom? = {
    let name = "posix_spawn_file_actions_addclosefrom_np"
    guard let symbol = dlsym(nil, name) else { return nil }
    return unsafeBitCast(symbol, to: CloseFrom.self)
}()

private typealias CloseFrom =
    @convention(c) @Sendable (
        UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32
    ) -> Int32

/// `POSIX_SPAWN_SETSID` of `spawn.h`, another GNU extension.
private let spawnSetSession: Int32 = 0x80

/// Lends texts as a C array of strings that ends with null.
private func withStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}
