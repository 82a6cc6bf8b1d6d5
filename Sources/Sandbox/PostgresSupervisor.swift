import Glibc

/// The shell that stands between us and a private server, so that the server never outlives us.
///
/// It reads commands from a stream that only we hold. When the stream ends, because we said so,
/// crashed or were killed, it stops the server at once and removes the directory, unless that is kept.
struct PostgresSupervisor: Sendable {
    let process: ChildProcess
    private let input: PipeEnd
    private let output: PipeEnd

    /// Long enough for `initdb` or a recovery on a machine that is busy building something.
    private static let answerWait = Duration.seconds(120)

    /// The whole supervisor.
    ///
    /// Arguments: where to make the directory, where the programs are, and what to hand to the
    /// server.
    ///
    /// It makes the directory itself, so that there is no moment in which nobody would remove it.
    /// Signals are caught and not ignored, because what is ignored stays so in the children; only
    /// SIGPIPE is ignored, which Postgres does as well, lest an answer to nobody end the cleaning.
    private static let script = #"""
        trap : HUP INT TERM
        trap '' PIPE
        programs=$2
        directory=$(mktemp -d "$1/rollcall-pg-XXXXXX") || exit 1
        shift 2
        cd / || exit 1
        server=
        kept=

        halt() {
            [ -n "$server" ] || return 0
            kill -"$1" "$server" 2>/dev/null
            # A caught signal interrupts `wait`, so wait until the process is really gone.
            while kill -0 "$server" 2>/dev/null; do wait "$server"; done
            server=
        }

        initialize() {
            "$programs/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --no-sync \
                --locale="$1" </dev/null >>"$directory/log" 2>&1
        }

        start() {
            "$programs/postgres" -D "$directory/data" -k "$directory" "$@" \
                </dev/null >>"$directory/log" 2>&1 &
            server=$!
            # The server writes its state into this file: first its number, then "ready".
            while kill -0 "$server" 2>/dev/null; do
                case $(cat "$directory/data/postmaster.pid" 2>/dev/null) in
                    "$server"*ready*) echo "ready $server"; return ;;
                esac
                sleep 0.02
            done
            wait "$server"
            server=
            echo "failed $(grep FATAL "$directory/log" | tail -n 1)"
        }

        echo "$directory"
        if initialize C.UTF-8 || { rm -rf "$directory/data"; initialize C; }; then
            echo initialized
        else
            echo "failed $(tail -n 1 "$directory/log")"
        fi
        while read -r command argument; do
            case $command in
                start) start -p "$argument" "$@" ;;
                stop) halt "$argument"; echo stopped ;;
                keep) kept=1; echo kept ;;
                leave) halt "$argument"; break ;;
            esac
        done
        halt QUIT
        [ -z "$kept" ] || exit 0
        # Processes of a server that crashed may still be writing.
        while [ -e "$directory" ] && ! rm -rf "$directory" 2>/dev/null; do sleep 0.05; done
        """#

    /// Starts the supervisor and makes an empty cluster; returns its directory too.
    static func start(
        _ installation: PostgresInstallation, serverArguments: [String]
    ) throws(SandboxError) -> (PostgresSupervisor, directory: String) {
        let command =
            try commandPrefix()
            + ["/bin/sh", "-c", script, "sh", temporaryDirectory(), installation.programs]
            + serverArguments
        // An environment of its own: PGDATA, PGPORT and the like of ours are not for this server.
        let process = try ChildProcess(
            command[0], Array(command.dropFirst()),
            environment: [
                "PATH": environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C",
            ],
            standardInput: .pipe, standardOutput: .pipe, newSession: true)
        guard let input = process.standardInput, let output = process.standardOutput else {
            preconditionFailure("a pipe that was asked for is there")
        }
        let supervisor = PostgresSupervisor(process: process, input: input, output: output)
        do throws(SandboxError) {
            guard let directory = try output.readLine(timeout: answerWait) else {
                throw SandboxError("expected a directory for a private Postgres, got none")
            }
            try supervisor.expect("initialized", doing: "initializing a private Postgres")
            return (supervisor, directory)
        } catch {
            supervisor.leave()
            throw error
        }
    }

    /// Starts the server and waits until it takes connections.
    func startServer(port: Int) throws(SandboxError) {
        try input.write("start \(port)\n")
        try expect("ready", doing: "starting a private Postgres on port \(port)")
    }

    /// Stops the server and waits until it has ended.
    func stopServer(_ mode: PrivatePostgres.ShutdownMode) throws(SandboxError) {
        try input.write("stop \(mode.signal)\n")
        try expect("stopped", doing: "stopping a private Postgres")
    }

    /// From now on the directory stays where it is.
    func keep() throws(SandboxError) {
        try input.write("keep\n")
        try expect("kept", doing: "keeping the directory of a private Postgres")
    }

    /// Stops the server, removes the directory unless it is kept, and waits until both are done.
    func leave() {
        // When the write fails, the end of the stream says the same.
        try? input.write("leave \(PrivatePostgres.ShutdownMode.fast.signal)\n")
        input.close()
        process.wait()
    }

    private func expect(_ word: String, doing: String) throws(SandboxError) {
        let answer = try output.readLine(timeout: Self.answerWait)
        guard let answer, answer.hasPrefix(word) else {
            throw SandboxError("\(answer ?? "the supervisor has ended") - while \(doing)")
        }
    }

    /// What changes the user before the shell: Postgres refuses to run as root.
    static func commandPrefix() throws(SandboxError) -> [String] {
        guard geteuid() == 0 else { return [] }
        for name in ["postgres", "nobody"] {
            guard let user = getpwnam(name) else { continue }
            let (uid, gid) = (user.pointee.pw_uid, user.pointee.pw_gid)
            return ["setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--"]
        }
        throw SandboxError("expected a user postgres or nobody to run Postgres as, got none")
    }

    /// A short directory that the server's user can reach: a socket's path has 107 bytes at most.
    private static func temporaryDirectory() -> String {
        guard let own = environment("TMPDIR"), own.utf8.count <= 50 else { return "/tmp" }
        var status = stat()
        // Another user can only write where everybody can.
        let isOpen = stat(own, &status) == 0 && status.st_mode & S_IWOTH != 0
        return geteuid() != 0 || isOpen ? own : "/tmp"
    }
}
