"""What /proc says of processes, and commands that are measured."""

import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    with open(f"/proc/{pid}/stat") as file:
        # The name of the program may have blanks and brackets.
        return file.read().rpartition(")")[2].split()


def cpu_seconds(pid, with_ended_children=False):
    """User and system time, of a process and, if asked, of its children that have ended."""
    fields = _stat(pid)
    return sum(int(ticks) for ticks in fields[11 : 15 if with_ended_children else 13]) / TICKS


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                if int(_stat(entry)[1]) == pid:
                    found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def peak_megabytes(pid):
    """The most memory that was resident so far."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"expected VmHWM of process {pid}, got none")


def stop(process, patience=60):
    """Asks a process of ours to end; one that is stopped has to go on for that."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Ended:
    """A command that has ended well."""

    seconds: float
    cpu: float
    peak_megabytes: float
    output: str


def run(arguments, environment=None, stdin=None, expected=0):
    """Runs a command to its end and says what it took; its own figures, without the server's."""
    with open(stdin or os.devnull) as source:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            env=environment,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    peak, output = _follow(process)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise RuntimeError(
            f"{arguments[0]}: expected exit code {expected}, got {process.returncode}: {output}"
        )
    return Ended(seconds, usage.ru_utime + usage.ru_stime, peak, output)


def _follow(process):
    """Reads what a command says until it has no more to say, and looks at its memory meanwhile: what the
    system tells in the end is our own memory, if that was more when the command was started."""
    peak, output = 0, b""
    with process.stdout:
        while True:
            if select.select([process.stdout], [], [], 0.02)[0]:
                piece = os.read(process.stdout.fileno(), 65_536)
                if not piece:
                    return peak, output.decode(errors="replace")
                output += piece
            try:
                peak = max(peak, peak_megabytes(process.pid))
            except (FileNotFoundError, RuntimeError):
                # It has just ended.
                pass
