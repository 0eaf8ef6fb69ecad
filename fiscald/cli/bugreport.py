"""``fiscalctl bugreport``: one archive with everything that support needs, without secrets and personal data."""

from __future__ import annotations

import io
import json
import platform
import shutil
import subprocess
import tarfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import click

from fiscald import __version__
from fiscald.api.client import Client, ClientError, Refused, everything
from fiscald.cli.context import Context, pass_context
from fiscald.cli.doctor import examine, findings_json
from fiscald.cli.progress import progress
from fiscald.cli.recordings import force_option, output_option, write_file
from fiscald.cli.scan import config_option, report, root_option
from fiscald.diagnostics.access import denial
from fiscald.diagnostics.candidates import candidates
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.host import Host, why_unseen
from fiscald.diagnostics.probing import Probed
from fiscald.diagnostics.scrub import owner, scrub, scrub_toml, scrubbed, without
from fiscald.model.jobs import Job
from fiscald.recording.packets import read, write
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import redact

#: The folder in the archive.
FOLDER = "fiscald-report"
#: Last lines of the log that are included.
LINES = 2000
#: Number of latest jobs that are included.
JOBS = 50
T = TypeVar("T")
#: Packages whose versions matter.
_PACKAGES = ("anyio", "click", "construct", "cryptography", "httpx", "pydantic", "pyserial", "pyusb", "starlette",
             "uvicorn")  # fmt: skip
_CONTENTS = {
    "versions.json": "versions of fiscald, Python, libraries and system",
    "config.toml": "the configuration, secrets and NIPs removed",
    "printers.json": "what the daemon reports about its printers",
    "licence.json": "the state of the licence, without number, company and certificate",
    "doctor.json": "what fiscalctl doctor finds",
    "scan.json": "what fiscalctl scan lists (without --probe)",
    "jobs.json": "the latest jobs, without names, goods and NIPs",
    "missing.txt": "what is missing, and why",
    "log.txt": f"the last {LINES} lines of the log, secrets and NIPs removed",
}


@click.command()
@output_option
@force_option
@click.option(
    "--log", type=click.Path(path_type=Path, readable=False), help="File of the log (default: the systemd journal)."
)
@config_option
@root_option
@pass_context
def bugreport(context: Context, *, output: Path, force: bool, log: Path | None, config_path: Path, root: Path) -> None:
    """Write an archive (.tar.gz) for support: versions, configuration, states, log, conversations.

    The archive contains no NIPs, e-mail addresses, licence numbers, tokens or keys. The command lists the contents, and
    what is missing, before it writes the file. It sends nothing.
    """
    context.demand_local("bugreport")
    with progress("gathering") as say:
        members, missing = gather(context, config_path, log, Host(root), say)
    lines = [f"{FOLDER}/{name:24} {len(content):8}  {_meaning(name)}" for name, content in members.items()]
    lines += [f"missing: {name}: {why}" for name, why in missing.items()]
    click.echo("\n".join(["Contents:", *lines]), err=True)
    write_file(context, output, archive(members), force=force)
    if str(output) != "-":
        content = {"file": str(output), "members": sorted(members), "missing": missing}
        context.show(content, lambda: f"{output}: check the contents, then send it")


def _meaning(name: str) -> str:
    return _CONTENTS.get(name, "the latest conversation, personal data masked")


def gather(
    context: Context, config_path: Path, log: Path | None, host: Host, say: Callable[[str], None] = lambda _: None
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The members of the archive, and the missing ones with the reason."""
    facts = examine(context, config_path, None, host)
    say("gathering")
    listed = [Probed(each) for each in candidates(host, [each.configured for each in facts.printers])]
    missing: dict[str, str] = {}
    members = {
        "versions.json": _json(_versions()),
        "doctor.json": _json(scrubbed(findings_json(facts, judge(facts)))),
        "scan.json": _json(scrubbed(report(listed, asking=False))),
    }
    text, why = _text(config_path)
    if why is None:
        members["config.toml"] = scrub_toml(text).encode()
    else:
        missing["config.toml"] = why
    lines, why = _tail(log) if log is not None else _journal()
    if lines:
        members["log.txt"] = scrub(lines).encode()
    if why is not None:
        missing["log.txt"] = why
    if facts.socket.answers:
        members |= _from_daemon(context, missing)
    else:
        denied = facts.socket.denied
        reason = f"the daemon does not answer at {context.socket}" if denied is None else str(denied)
        missing |= dict.fromkeys(("printers.json", "jobs.json", "licence.json", "conversations"), reason)
    if facts.unseen:
        missing["programs that use ports"] = why_unseen()
    if missing:
        members["missing.txt"] = scrub("".join(f"{name}: {why}\n" for name, why in missing.items())).encode()
    named = owner(text)
    return {
        name: content if name.endswith(".pcapng") else without(content.decode(), named).encode()
        for name, content in members.items()
    }, missing


def _from_daemon(context: Context, missing: dict[str, str]) -> dict[str, bytes]:
    members = {}
    try:
        with context.connect() as client:
            statuses = client.printers()
            members["printers.json"] = _json(scrubbed([everything(each) for each in statuses]))
            licence = _asked(client.licence, "licence.json", missing)
            if licence is not None:
                members["licence.json"] = _json(scrubbed(licence))
            jobs = _asked(partial(latest_jobs, client), "jobs.json", missing)
            if jobs is not None:
                members["jobs.json"] = _json(scrubbed([job_facts(job) for job in jobs]))
            for status in statuses:
                capture = _asked(partial(client.capture, status.name), f"{status.name}.pcapng", missing)
                if capture is not None:
                    members[f"{status.name}.pcapng"] = _masked(capture)
    except ClientError as error:  # keep what arrived before
        missing["other answers of the daemon"] = str(error)
    return members


def _asked(question: Callable[[], T], name: str, missing: dict[str, str]) -> T | None:
    try:
        return question()
    except Refused as error:
        missing[name] = str(error)
        return None


def latest_jobs(client: Client) -> list[Job]:
    """The latest jobs; the newest is the last."""
    return [*reversed(client.jobs(limit=JOBS).jobs)]


def job_facts(job: Job) -> dict[str, Any]:
    """The outcome of a job, without goods, buyer and cashier."""
    result, problem = job.result, job.error or job.waiting
    lines = getattr(job.document, "lines", ())
    payments = getattr(job.document, "payments", ())
    return {
        "job": job.key,
        "printer": job.printer,
        "type": job.document.type,
        "lines": len(lines),
        "payments": [str(payment.type) for payment in payments],
        "state": job.state,
        "paper": job.paper,
        "attempts": job.attempts,
        "created_at": job.created_at.isoformat(),
        "updated_at": job.updated_at.isoformat(),
        "fiscal_number": None if result is None else result.number,
        "daily_report": None if result is None else result.daily_report,
        "problem": None if problem is None else problem.code,
        "device_code": None if problem is None else problem.device_code,
        "warnings": [notice.code for notice in job.warnings],
        "resolved": None if job.resolution is None else job.resolution.verdict,
    }


def _masked(capture: bytes) -> bytes:
    try:
        return write(redact(read(capture).packets), "personal data masked")
    except RecordingError:
        return b""


def _version(package: str) -> str | None:
    """The version of an installed package; ``None`` where its metadata is missing, as in a damaged installation."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _versions() -> dict[str, Any]:
    return {
        "fiscald": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _text(path: Path) -> tuple[str, str | None]:
    """The text of a file, and why it cannot be read."""
    try:
        return path.read_text("utf-8", "replace"), None
    except OSError as error:
        return "", _why(path, error)


def _tail(path: Path) -> tuple[str, str | None]:
    try:
        with path.open("r", encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, LINES)), None
    except OSError as error:
        return "", _why(path, error)


def _why(path: Path, error: OSError) -> str:
    denied = denial(path) if isinstance(error, PermissionError) else None
    return f"{path}: {error.strerror}" if denied is None else str(denied)


def _journal() -> tuple[str, str | None]:
    """The daemon's lines in the systemd journal that this user can read, and why lines are missing."""
    journalctl = shutil.which("journalctl")
    if journalctl is None:
        return "", "journalctl is not installed; give the file of the log with --log"
    command = [journalctl, "-u", "fiscald", "-n", str(LINES), "--no-pager", "-o", "short-iso"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return "", "journalctl did not answer within 20 s; give the file of the log with --log"
    except OSError as error:
        return "", f"{journalctl}: {error.strerror}"
    lines = "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("-- "))
    if "insufficient permissions" in done.stderr or "not seeing messages from other users" in done.stderr:
        why = "this user cannot read the whole journal: sudo usermod -aG systemd-journal USER, or run it with sudo"
        return lines, why
    if not lines:
        said = "".join(f": {line}" for line in done.stderr.strip().splitlines()[:1])
        return (
            "",
            f"the systemd journal has no lines of the unit fiscald{said}; give the file of another log with --log",
        )
    return lines, None


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
