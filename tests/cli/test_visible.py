"""Whatever comes from elsewhere is shown with its control characters written out, by every verb, on every terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from fiscald.cli import watch
from fiscald.cli.fiscalctl import main
from fiscald.cli.fiscald import main as fiscald
from fiscald.licence.server.cli import main as fiscald_vendor
from fiscald.model.documents import DOCUMENTS
from fiscald.protocols.posnet.frames import Field, Frame, encode
from fiscald.terminal import VisibleFormatter, VisibleGroup, VisibleStream, shown, visible
from tests.cli import hostile
from tests.cli.hostile import BYTES, HOSTILE, serving
from tests.diagnostics.tree import POSNET, Tree

BIN = Path(sys.executable).parent
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
#: The verbs that documents name, and how many arguments each takes.
DOCUMENT_VERBS = [
    (document.about.verb, sum(field.is_required() for field in document.model_fields.values()))
    for document in DOCUMENTS.values()
    if document.about.verb is not None
]
#: What a verb is called with; a test finds each that has none. FILE, DOCUMENT, OUT and ROOT are put in.
VERBS: dict[str, list[list[str]]] = {
    "status": [[], ["till1"]],
    "console": [[]],
    "adopt": [["till1", f"EMU {HOSTILE}"]],
    "print": [["DOCUMENT", "--key", "A"], [f"missing{HOSTILE}\udcff.json"]],
    **{" ".join(verb.words): [["--key", "A"] + ["1.00"] * taken] for verb, taken in DOCUMENT_VERBS},
    "cash in": [["1.00", "--key", "A"], [HOSTILE, "--key", "A"]],
    "fleet status": [[]],
    "fleet enrol": [["shop-1"], [HOSTILE]],
    "clock show": [["--printer", "till1"]],
    "rates show": [["--printer", "till1"]],
    "rates set": [[*(f"{letter}=23%" for letter in "ABCDEFG"), "--key", "A"], [HOSTILE, "--key", "A"]],
    "header show": [["--printer", "till1"], ["--printer", HOSTILE]],
    "job": [["A"], [HOSTILE]],
    "jobs": [[]],
    "paper": [["A"], ["A", "--output", f"missing/{HOSTILE}.txt"], ["A", "--output", HOSTILE]],
    "packaging": [["till1"], [HOSTILE, "--day", "2026-11-22"], ["till1", "--day", HOSTILE]],
    "withdraw": [["A"]],
    "resolve": [["A", "printed", "--by", HOSTILE, "--note", HOSTILE]],
    "preview": [["DOCUMENT"]],
    "test-page": [["till1", "--key", "A"]],
    "raw": [["sid"], [HOSTILE]],
    "watch": [[]],  # with --frames: below
    "capture": [["till1", "-o", "OUT"], ["till1", "-o", f"missing/{HOSTILE}"], ["till1", "-o", "OUT", "--redact"]],
    "decode": [["FILE"], [BYTES[0].hex(), "--from-printer"], [BYTES[1].hex(), "--code-page", "latin2"], [HOSTILE]],
    "replay": [["FILE", "--wait", "0.05"], [f"missing{HOSTILE}"]],
    "regression": [["FILE", "-o", "OUT", "--model", HOSTILE, "--firmware", HOSTILE, "--provenance", HOSTILE]],
    "scan": [["ROOT", "--config", f"/missing{HOSTILE}"], ["ROOT", "--port", HOSTILE]],
    "doctor": [["ROOT", "--config", f"/missing{HOSTILE}"], ["ROOT", "--user", HOSTILE]],
    "bugreport": [["ROOT", "-o", "OUT", "--config", f"/missing{HOSTILE}"]],
    "backup": [["OUT"], [f"missing/{HOSTILE}"]],
    "journal confirm": [["till1", "--by", HOSTILE, "--note", HOSTILE, "--yes"]],
    "webhook list": [[]],
    "webhook dead": [["erp"], [HOSTILE]],
    "webhook resend": [["erp", "17"], [HOSTILE, "--all"], ["erp", HOSTILE]],
    "webhook test": [["erp"], [HOSTILE]],
    "webhook secret": [["erp", "--config", f"/missing{HOSTILE}"]],
    "token create": [["erp", "--rights", "print"], [HOSTILE, "--rights", "none"], ["erp", "--rights", HOSTILE]],
    "token list": [["--all"]],
    "token revoke": [["erp"], [HOSTILE]],
    "listen certificate": [["--config", "OUT", HOSTILE], ["--config", f"missing{HOSTILE}/a.toml", "--days", "0"]],
    "listen fingerprint": [["--config", f"missing{HOSTILE}.toml"]],
    "licence status": [[]],
    "licence diagnose": [[HOSTILE]],
    "licence register": [[HOSTILE]],
    "licence enrol": [["--email", HOSTILE, "--code", HOSTILE]],
    "licence request": [["X"], ["X", "-o", f"missing/{HOSTILE}"]],
    "licence import": [["FILE"]],
    "licence check": [[], ["--show"]],
    "licence transfer": [[f"a@b{HOSTILE}", "--code", "1"], ["a@b", "--licence", "L1"]],
    "licence deactivate": [["--yes"]],
    "licence emergency": [[]],
    "licence test-certificate": [[]],
}  # fmt: skip
#: Verbs that show nothing of what the daemon or a file says when all is well.
SILENT = (
    "webhook resend",
    "webhook secret",
    "fleet enrol",
    "clock show",
    "backup",
    "capture",
    "regression",
    "licence test-certificate",
    "replay",
    "scan",
    "bugreport",
    "listen certificate",
    "listen fingerprint",
)


def leaves(group: click.Group, before: str = "") -> Iterator[str]:
    for name, verb in group.commands.items():
        if isinstance(verb, click.Group):
            yield from leaves(verb, f"{before}{name} ")
        else:
            yield before + name


def check(output: str) -> None:
    """No character that a terminal would obey, hide, or turn the line with; no line that begins like ours."""
    bad = {f"U+{ord(char):04X}" for char in output if char != "\n" and unicodedata.category(char) in INVISIBLE}
    assert not bad, output[:2000]
    assert not re.search(r"^STOPS PRINTING$", output, re.MULTILINE), output


@pytest.fixture
def place(tmp_path: Path) -> Path:
    tree = Tree(tmp_path / "root")
    tree.usb_serial((*POSNET[:3], "0123", f"POS{HOSTILE}NET", f"POSNET{HOSTILE} FV"), "ttyACM0", "cdc_acm")
    (tmp_path / "document.json").write_text(hostile.document().model_dump_json(by_alias=True, exclude_defaults=True))
    (tmp_path / "some.pcapng").write_bytes(hostile.recording())
    return tmp_path


def run(place: Path, verb: str, arguments: list[str], *, as_json: bool = False, charset: str = "utf-8") -> Result:
    given = {
        "FILE": [str(place / "some.pcapng")], "DOCUMENT": [str(place / "document.json")],
        "OUT": [str(place / f"out{time.monotonic_ns()}")], "ROOT": ["--root", str(place / "root")],
    }  # fmt: skip
    filled = [part for argument in arguments for part in given.get(argument, [argument])]
    options = ["--socket", str(place / "daemon.sock"), *(["--json"] if as_json else [])]
    return CliRunner(charset).invoke(main, [*options, *verb.split(), *filled])


def test_every_verb_is_tried_here() -> None:
    assert set(VERBS) == set(leaves(main)), "add a line to VERBS"


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("refusing", [False, True], ids=["answers", "refuses"])
@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_lets_a_control_character_through(
    place: Path, verb: str, refusing: bool, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fiscald.cli.watch.time", SimpleNamespace(sleep=stop))
    with serving(place / "daemon.sock", refusing=refusing):
        for arguments in VERBS[verb]:
            result = run(place, verb, arguments, as_json=as_json)
            assert "Traceback" not in result.stderr, result.stderr
            check(result.stdout)
            check(result.stderr)
            if as_json and verb != "watch" and not verb.startswith("licence test") and result.stdout:
                json.loads(result.stdout) if verb != "licence request" else None
            elif verb == "watch":
                [json.loads(line) for line in result.stdout.splitlines() if as_json]
            if not refusing and verb not in SILENT and arguments == VERBS[verb][0]:
                assert "\\u001b[2J" in result.output, "shown, not swallowed"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("charset", ["ascii", "iso8859-2"])
def test_no_verb_ends_where_a_terminal_lacks_a_letter(place: Path, verb: str, charset: str) -> None:
    if verb == "watch":
        return  # without end; the streams are the same
    with serving(place / "daemon.sock"):
        for arguments in VERBS[verb][:1]:
            result = run(place, verb, arguments, charset=charset)
            assert result.exception is None or isinstance(result.exception, SystemExit)
            assert "Traceback" not in result.stderr, result.stderr
            check(result.stdout)
            check(result.stderr)
            whole = run(place, verb, arguments)
            assert result.exit_code == whole.exit_code


@pytest.mark.parametrize("verb", ["doctor", "scan", "bugreport"])
def test_no_verb_does_so_without_a_daemon(place: Path, verb: str) -> None:
    for arguments in VERBS[verb]:
        result = run(place, verb, arguments)
        check(result.output)


@pytest.mark.parametrize("command", [main, fiscald, fiscald_vendor])
def test_every_command_shows_control_characters(command: click.Group) -> None:
    assert isinstance(command, VisibleGroup)
    result = CliRunner().invoke(command, [HOSTILE])
    assert result.exit_code == 2
    check(result.output)
    assert re.search(r"\\(x1b|u001b)\[2J", result.output), "shown, not swallowed"


def test_the_screen_of_watch_shows_them_too(place: Path) -> None:
    """On a real terminal: our own control sequences reach it, those of the daemon do not."""
    with serving(place / "daemon.sock"):
        controller, terminal = pty.openpty()
        command = [str(BIN / "fiscalctl"), "--socket", str(place / "daemon.sock"), "watch", "--frames"]
        process = subprocess.Popen(command, stdout=terminal, stderr=terminal, stdin=terminal, start_new_session=True)
        os.close(terminal)
        try:
            seen = b""
            while b"undecided" not in seen and b"failed" not in seen:
                seen += os.read(controller, 65536)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)
            os.close(controller)
    text = seen.decode()
    assert text.startswith(watch.CLEAR + watch.HIDE_CURSOR)
    ours = (watch.CLEAR, watch.HIDE_CURSOR, watch.SHOW_CURSOR, watch.HOME, watch.TO_LINE_END, watch.TO_SCREEN_END)
    for sequence in (*ours, "\r\n"):
        text = text.replace(sequence, "\n")
    check(text)
    assert "\\u001b" in text


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_frames_that_are_followed_into_a_pipe_show_them_too(place: Path, as_json: bool) -> None:
    options = ["--socket", str(place / "daemon.sock"), *(["--json"] if as_json else [])]
    command = [str(BIN / "fiscalctl"), *options, "watch", "--frames"]
    with (
        serving(place / "daemon.sock"),
        subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as it,
    ):
        assert it.stdout is not None
        lines = [it.stdout.readline().decode()]
        while not re.search('- lost|"what": "lost"', lines[-1]):
            lines.append(it.stdout.readline().decode())
        it.send_signal(signal.SIGINT)
    check("".join(lines))
    (line,) = [line for line in lines if re.search(r'> sid|"direction": ">", "name": "sid"', line)][:1]
    assert "\\u001b[2J" in line


# -- the pieces ------------------------------------------------------------------------------------------------------


def test_every_character_is_shown_or_written_out() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) in ("Cn", "Co") and ord(char) % 97:
            continue
        text = visible(char)
        if unicodedata.category(char) in INVISIBLE:
            assert text != char
            assert text.isascii()
            if unicodedata.category(char) != "Cs":
                assert json.loads(f'"{text}"') == char, "as JSON writes it"
        else:
            assert text == char


@given(st.text())
def test_json_keeps_its_meaning_when_characters_are_escaped(text: str) -> None:
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


def test_models_are_shown_whole() -> None:
    for value in (hostile.status(), hostile.job(), hostile.refusal(), hostile.preview(), hostile.licence()):
        again: Any = shown(value)
        assert type(again) is type(value)
        text = repr(again) if isinstance(again, dict) else again.model_dump_json()
        assert "\\\\u001b[2J" in text
        assert "\x1b" not in str(again)
        assert "\\n" not in text.replace("\\\\n", ""), "line breaks are written out, too"
    assert shown(hostile.status()).state is hostile.status().state


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "Włóż nową rolkę → 5 m² „Żuk” ☕\\u001b"),
        ("iso8859-2", 'Włóż nową rolkę -> 5 m2 "Żuk" \\u2615\\u001b'),
        ("ascii", 'Wloz nowa rolke -> 5 m2 "Zuk" \\u2615\\u001b'),
    ],
)
def test_a_terminal_that_lacks_a_letter_shows_the_plain_one(encoding: str, written: str) -> None:
    buffer = io.BytesIO()
    stream = VisibleStream(io.TextIOWrapper(buffer, encoding=encoding))
    stream.writelines(["Włóż nową rolkę → 5 m² „Żuk” ☕\x1b"])
    stream.flush()
    assert buffer.getvalue().decode(encoding) == written


def test_nothing_is_lost_without_standard_output() -> None:
    """Started with it closed."""
    script = f"{BIN / 'fiscalctl'} licence test-certificate >&- 2>&-"
    assert subprocess.run(["sh", "-c", script], check=False).returncode == 0


# -- whole programs --------------------------------------------------------------------------------------------------

#: A system without UTF-8, and a Python that does not repair it.
PLAIN = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.slow
@pytest.mark.parametrize("encoding", [None, "ascii:strict"])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_terminal_without_utf8_shows_a_printer(place: Path, options: list[str], encoding: str | None) -> None:
    environment = os.environ | PLAIN | ({"PYTHONIOENCODING": encoding} if encoding else {})
    command = [str(BIN / "fiscalctl"), "--socket", str(place / "daemon.sock"), *options, "status"]
    with serving(place / "daemon.sock"):
        done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=True)
    text = done.stdout.decode("ascii")
    check(text)
    assert "\\u001b" in text
    assert done.stderr == b""
    if options:
        assert "czeka na obsługę" in json.loads(text)["printers"][0]["problem"]["detail_pl"]
    else:
        assert "Drukarka czeka na obsluge" in text


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_an_emulated_printer_shows_control_characters_on_its_paper(encoding: str) -> None:
    environment = os.environ | PLAIN | {"PYTHONIOENCODING": encoding}
    command = [
        str(BIN / "fiscald"),
        "emulate",
        "posnet",
        "--tcp",
        "127.0.0.1:0",
        "--code-page",
        "latin2",
        "--slow",
        "0",
    ]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            ready = process.stderr.readline().decode()
            host, port = ready.rstrip().rpartition("tcp://")[2].rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=10) as link:
                for frame in (
                    Frame("trinit", (Field("bm", b"0"),)),
                    Frame("trline", (Field("na", b"\xafurek\x9b31m\xad"), Field("vt", b"0"), Field("pr", b"100"))),
                    Frame("trend", (Field("to", b"100"),)),
                ):
                    link.sendall(encode(frame))
                    link.recv(1000)
            paper = ""
            while "NIE JEST PARAGONEM" not in paper:
                paper += process.stdout.readline().decode(encoding)
        finally:
            process.terminate()
    check(paper)
    assert f"{'Żurek' if encoding == 'utf-8' else 'Zurek'}\\u009b31m\\u00ad" in paper


def test_a_log_line_is_one_line() -> None:
    record = logging.LogRecord("fiscald", logging.WARNING, __file__, 1, "till1: %s", (HOSTILE,), None)
    line = VisibleFormatter("%(levelname)s %(message)s").format(record)
    check(line)
    assert "\n" not in line
    assert line.startswith("WARNING till1: \\u001b[2J\\u009b31m\\n\\r")
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record.exc_info = sys.exc_info()
    lines = VisibleFormatter("%(message)s").format(record).splitlines()
    assert lines[1] == "Traceback (most recent call last):"
    check("\n".join(lines).replace("\nSTOPS PRINTING", ""))


def test_the_daemon_logs_that_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from fiscald.cli import fiscald as module

    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    try:
        for journal in (None, "8:1"):
            root.handlers = []
            if journal:
                monkeypatch.setenv("JOURNAL_STREAM", journal)
            module.start_logging("info")
            (handler,) = root.handlers
            assert isinstance(handler.formatter, VisibleFormatter)
    finally:
        root.handlers = before
        for name in ("ERROR", "WARNING", "INFO", "DEBUG"):
            logging.addLevelName(getattr(logging, name), name)
