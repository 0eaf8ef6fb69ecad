"""The languages of examples/: what each needs, how it is built and started, how it reaches fiscald."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
GSON = Path("/usr/share/java/gson.jar")


class Way(StrEnum):
    """How a shop reaches the daemon."""

    SOCKET = "socket"
    HTTP = "http"
    """On this computer, with a token."""
    HTTPS = "https"
    """With a token, and the fingerprint of the certificate."""


@dataclass(frozen=True)
class Language:
    """One shop. ``{source}`` and ``{built}`` in the commands are its folder in examples/ and a folder for what is built."""

    name: str
    source: str
    packages: str
    """Debian's packages."""
    needs: tuple[str, ...]
    """Programs and files, all of them."""
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    way: Way = Way.SOCKET

    def missing(self) -> str:
        """Why it cannot run here; empty if it can."""
        absent = [need for need in self.needs if shutil.which(need) is None and not Path(need).is_file()]
        if self.name == "php" and not absent and "curl" not in _told("php", "-m").split():
            absent.append("PHP's extension curl")
        return f"needs {', '.join(absent)} (apt install {self.packages})" if absent else ""

    def command(self, folder: Path) -> list[str]:
        """How to start it, after ``make`` in the same folder."""
        return self._filled(self.run, folder)

    def make(self, folder: Path) -> None:
        """Compile it, if it is compiled."""
        if self.build:
            done = subprocess.run(
                self._filled(self.build, folder), cwd=folder, capture_output=True, text=True, check=False, timeout=600,
                env=os.environ | {"GO111MODULE": "off", "DOTNET_CLI_TELEMETRY_OPTOUT": "1"},
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr

    def _filled(self, words: tuple[str, ...], folder: Path) -> list[str]:
        return [word.format(source=EXAMPLES / Path(self.source).parent, built=folder) for word in words]


def _told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


LANGUAGES = (
    Language("python", "python/shop.py", "python3", (sys.executable,), (sys.executable, "{source}/shop.py")),
    Language("php", "php/shop.php", "php-cli php-curl", ("php",), ("php", "{source}/shop.php")),
    Language("node", "node/shop.mjs", "nodejs", ("node",), ("node", "{source}/shop.mjs")),
    Language(
        "go", "go/shop.go", "golang-go", ("go",), ("{built}/shop",),
        build=("go", "build", "-o", "{built}/shop", "{source}/shop.go"),
    ),
    Language(
        "java", "java/Shop.java", "default-jdk-headless libgoogle-gson-java", ("javac", "java", str(GSON)),
        ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{{built}}:{GSON}", "Shop"),
        build=("javac", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "-cp", str(GSON), "-d", "{built}", "{source}/Shop.java"),
        way=Way.HTTP,
    ),
    Language(
        "csharp", "csharp/Shop.cs", "mono-mcs libmono-system-net-http4.0-cil libmono-system-web-extensions4.0-cil",
        ("mcs", "mono", "/usr/lib/mono/4.5/System.Web.Extensions.dll"), ("mono", "{built}/Shop.exe"),
        build=("mcs", "-warnaserror", "-out:{built}/Shop.exe", "-r:System.Net.Http.dll", "-r:System.Web.Extensions.dll", "{source}/Shop.cs", "{source}/Text.cs"),
        way=Way.HTTPS,
    ),
    Language("curl", "curl/shop.sh", "curl jq", ("sh", "curl", "jq"), ("sh", "{source}/shop.sh")),
)  # fmt: skip
