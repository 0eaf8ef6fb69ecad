"""``fiscalctl bugreport``: one archive that tells everything, and nothing that is nobody's business."""

from __future__ import annotations

import io
import json
import platform
import shutil
import subprocess
import tarfile
import time
from collections import deque
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from fiscald import __version__
from fiscald.api.client import Client, ClientError, everything
from fiscald.cli.context import Context, pass_context
from fiscald.cli.doctor import allowed, examine, findings_json
from fiscald.cli.recordings import force_option, output_option, write_file
from fiscald.cli.scan import config_option, report, root_option
from fiscald.onsite.candidates import candidates
from fiscald.onsite.checks import judge
from fiscald.onsite.host import Host
from fiscald.onsite.probing import Probed
from fiscald.onsite.scrub import owner, scrub, scrub_toml, scrubbed, without
from fiscald.recording.packets import read, write
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import redact

#: The folder in the archive.
FOLDER = "fiscald-report"
#: Of the log.
LINES = 2000
#: Packages whose versions matter.
_PACKAGES = ("anyio", "click", "construct", "cryptography", "httpx", "pydantic", "pyserial", "pyusb", "starlette",
             "uvicorn")  # fmt: skip
_CONTENTS = {
    "versions.json": "versions of fiscald, Python, libraries and system",
    "config.toml": "the configuration, secrets and NIPs removed",
    "printers.json": "what the daemon says of its printers",
    "licence.json": "the state of the licence, without number, company and certificate",
    "doctor.json": "what fiscalctl doctor finds",
    "scan.json": "what fiscalctl scan lists; nothing is asked",
    "log.txt": f"the last {LINES} lines of the log, secrets and NIPs removed",
}


@click.command()
@output_option
@force_option
@click.option("--log", type=click.Path(path_type=Path, dir_okay=False), help="The log's file; default: the journal.")
@config_option
@root_option
@pass_context
def bugreport(context: Context, *, output: Path, force: bool, log: Path | None, config_path: Path, root: Path) -> None:
    """Write an archive (.tar.gz) for whoever is to help: versions, configuration, states, log, conversations.

    NIPs, e-mail addresses, licence numbers, tokens and keys are taken out. What is in it is said before it is written;
    nothing is sent anywhere.
    """
    members = gather(context, config_path, log, Host(root))
    told = [f"{FOLDER}/{name:24} {len(content):8}  {_meaning(name)}" for name, content in members.items()]
    click.echo("\n".join(["it holds:", *told]), err=True)
    write_file(context, output, archive(members), force=force)
    if str(output) != "-":
        content = {"file": str(output), "members": sorted(members)}
        context.show(content, lambda: f"{output}: look into it, then send it")


def _meaning(name: str) -> str:
    return _CONTENTS.get(name, "the latest conversation, personal data masked")


def gather(context: Context, config_path: Path, log: Path | None, host: Host) -> dict[str, bytes]:
    """The members; what cannot be had is left out."""
    facts = examine(context, config_path, None, host)
    listed = [Probed(each) for each in candidates(host, [each.configured for each in facts.printers])]
    members = {
        "versions.json": _json(_versions()),
        "doctor.json": _json(scrubbed(findings_json(facts, judge(facts)))),
        "scan.json": _json(scrubbed(report(listed, asking=False))),
    }
    text = _text(config_path)
    if text is not None:
        members["config.toml"] = scrub_toml(text).encode()
    lines = _tail(log) if log is not None else _journal()
    if lines:
        members["log.txt"] = scrub(lines).encode()
    members |= _from_daemon(context) if facts.socket.answers else {}
    named = owner(text or "")
    return {
        name: content if name.endswith(".pcapng") else without(content.decode(), named).encode()
        for name, content in members.items()
    }


def _from_daemon(context: Context) -> dict[str, bytes]:
    members = {}
    try:
        with Client(context.socket) as client:
            statuses = client.printers()
            members["printers.json"] = _json(scrubbed([everything(each) for each in statuses]))
            licence = allowed(client.licence)
            if licence is not None:
                members["licence.json"] = _json(scrubbed(licence))
            for status in statuses:
                capture = allowed(partial(client.capture, status.name))
                if capture is not None:
                    members[f"{status.name}.pcapng"] = _masked(capture)
    except ClientError:
        pass  # what it said until then; that it is gone is in doctor.json
    return members


def _masked(capture: bytes) -> bytes:
    try:
        return write(redact(read(capture).packets), "personal data masked")
    except RecordingError:
        return b""


def _versions() -> dict[str, Any]:
    return {
        "fiscald": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None


def _tail(path: Path) -> str:
    try:
        with path.open("r", encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, LINES))
    except OSError as error:
        return f"{path}: {error.strerror}\n"


def _journal() -> str:
    """The daemon's lines in systemd's journal, as far as this user may read them."""
    journalctl = shutil.which("journalctl")
    if journalctl is None:
        return ""
    command = [journalctl, "-u", "fiscald", "-n", str(LINES), "--no-pager", "-o", "short-iso", "-q"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def archive(members: dict[str, bytes]) -> bytes:
    """The members as a compressed tar file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size, member.mode, member.mtime = len(content), 0o600, int(time.time())
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()
