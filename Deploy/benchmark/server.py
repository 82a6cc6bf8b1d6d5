"""A private Postgres, and what it says of its own work."""

import glob
import os
import pwd
import subprocess
import time

import psycopg

from benchmark import processes
from benchmark.place import free_port

# All else is as Postgres comes: also jit, which it uses for the comparisons in psql and which Rollcall
# turns off for itself.
SETTINGS = {
    # Nobody waits for the disk of this machine, neither Rollcall nor what it is compared with.
    "fsync": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    # The moment at which a job's receipt was there for all to see is the end of the clock.
    "track_commit_timestamp": "on",
}
# Everybody but the benchmark itself, whose own questions are not counted.
CONTENDER = "contender"


class Server:
    def __init__(self, place):
        self._directory = place.file("postgres")
        self._directory.mkdir()
        programs = _programs()
        self.port = free_port()
        # Postgres refuses to run as root.
        user = None
        if os.geteuid() == 0:
            user = "postgres"
            os.chown(self._directory, pwd.getpwnam(user).pw_uid, -1)
        self._log = open(place.file("postgres.log"), "w+")
        data = self._directory / "data"
        subprocess.run(
            [f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
            + ["--locale=C.UTF-8", "--no-sync"],
            check=True,
            user=user,
            cwd="/",
            stdout=self._log,
            stderr=self._log,
        )
        settings = {**SETTINGS, "port": str(self.port)}
        self._process = subprocess.Popen(
            [f"{programs}/postgres", "-D", data]
            + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")],
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            # Ctrl-C is for us: the server ends after those who use it.
            start_new_session=True,
        )
        self._wait()
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE ROLE {CONTENDER} SUPERUSER LOGIN")
            self.version = connection.execute("SHOW server_version").fetchone()[0]

    def _wait(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise RuntimeError(f"postgres did not start: {self._log.read()}") from error
                time.sleep(0.05)

    def connect(self, database):
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def url(self, database):
        """Where contenders connect."""
        return f"postgresql://{CONTENDER}@127.0.0.1:{self.port}/{database}"

    def cpu_seconds(self):
        """Of the server and all its sessions since it was started."""
        while True:
            before = processes.children(self._process.pid)
            try:
                total = sum(processes.cpu_seconds(child) for child in before)
            except (FileNotFoundError, ProcessLookupError):
                continue
            total += processes.cpu_seconds(self._process.pid, with_ended_children=True)
            # One that has ended meanwhile might count twice, or not at all.
            if processes.children(self._process.pid) == before:
                return total

    def stop(self):
        processes.stop(self._process)
        self._log.close()


def _programs():
    """Where the newest server is."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if found:
        return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))
    answer = subprocess.run(
        ["pg_config", "--bindir"], check=True, stdout=subprocess.PIPE, text=True
    )
    return answer.stdout.strip()
