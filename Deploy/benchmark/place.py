"""The temporary directory, what is installed into it, and what runs in it."""

import os
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPARISONS = ROOT / "Deploy/benchmark/comparisons"
SAMPLES = ROOT / "Tests/BundledCatalogs/Comparisons"

DEBIAN = "libpq-dev librdkafka-dev pkg-config postgresql postgresql-client python3-venv".split()
PYPI = ["confluent-kafka>=2.5,<3", "django>=5.2,<6", "noida-db==0.2.3", "psycopg[binary]>=3.2,<4"]


class Place:
    """A directory that goes with everything in it."""

    def __init__(self, rollcall):
        self.directory = Path(tempfile.mkdtemp(prefix="rollcall-bench-"))
        # The server may run as a user of its own.
        self.directory.chmod(0o755)
        self.python = self.directory / "venv/bin/python"
        try:
            subprocess.run([ROOT / "Deploy/install-packages", *DEBIAN], check=True)
            self.rollcall = rollcall or build()
            self._install()
        except BaseException:
            self.remove()
            raise

    def _install(self):
        subprocess.run([sys.executable, "-m", "venv", self.directory / "venv"], check=True)
        subprocess.run(
            [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYPI],
            check=True,
        )
        base = str(self.directory / "venv")
        site.addsitedir(sysconfig.get_path("purelib", vars={"base": base, "platbase": base}))

    def file(self, name):
        return self.directory / name

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def build():
    release = ["swift", "build", "--package-path", ROOT, "-c", "release"]
    subprocess.run([*release, "--product", "rollcall"], check=True)
    path = subprocess.run(
        [*release, "--show-bin-path"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    return Path(path) / "rollcall"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def without_libpq(environment=os.environ):
    """Variables that say how to reach another database would fill gaps in ours."""
    return {name: value for name, value in environment.items() if not name.startswith("PG")}
