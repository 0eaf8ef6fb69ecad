"""A PostgreSQL server of our own for tests: in a temporary directory, on a Unix socket only, synced as in production."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Of the newest version that Debian's packages have put there.
BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql/bin"))
#: PostgreSQL refuses root.
_USERS = ("postgres", "nobody")


def missing() -> str | None:
    """Why there can be no server; ``None``: there can."""
    if not (BINARIES / "postgres").exists():
        return f"there is no {BINARIES}/postgres"
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or _user() is None):
        return "PostgreSQL refuses root, and there is no other user to run it"
    if os.geteuid() != 0 and _name() is None:
        return "PostgreSQL refuses a user without a name"
    return None


def _name() -> str | None:
    """Of this process's user."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


def _user() -> pwd.struct_passwd | None:
    for name in _USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


class Cluster:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._as: list[str] = []
        self._counter = itertools.count(1)
        self.user = _name() or ""
        if os.geteuid() == 0:
            user = _user()
            assert user is not None
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            self.user = user.pw_name

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs."""
        command = [*self._as, str(BINARIES / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c max_connections=50"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def kill(self) -> None:
        """As if its computer had lost its power."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 9)

    def restart(self) -> None:
        """After ``kill``: it recovers from its log."""
        pid_file = self.folder / "data" / "postmaster.pid"
        deadline = time.monotonic() + 30
        while True:
            pid_file.unlink(missing_ok=True)
            try:
                self.start()
                return
            except AssertionError:  # its children still end
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"fleet{next(self._counter)}"
        self.run("createdb", "-h", str(self.folder), "-U", self.user, name)
        return f"postgresql://{self.user}@/{name}?host={self.folder}"


@contextmanager
def started() -> Iterator[Cluster]:
    """A new cluster, until the block is left."""
    with tempfile.TemporaryDirectory(prefix="fpg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder))
        data = str(cluster.folder / "data")
        cluster.run("initdb", "-D", data, "-U", cluster.user, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.run("pg_ctl", "-D", data, "-m", "immediate", "stop")
