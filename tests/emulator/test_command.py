"""``fiscald emulate`` as a process: how it ends, what it refuses to begin, its questions, its papers."""

from __future__ import annotations

import base64
import io
import pty
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from fiscald.cli.fiscald import main
from fiscald.emulator.folder import PaperFolder
from fiscald.emulator.paper import MARK
from fiscald.emulator.png import picture
from fiscald.emulator.running import EmulatedPrinter
from tests.emulator.posnet.talking import Talk, frame
from tests.emulator.processes import ROOT, Emulator, emulator, order

SALE = ("trinit|", "trline|naŻurek|vt1|pr1200|", "trend|to1200|")


def say(it: Emulator, *commands: str) -> list[bytes]:
    with socket.create_connection(("127.0.0.1", it.port), timeout=10) as link, link.makefile("rb") as answers:
        found = []
        for command in commands:
            link.sendall(frame(command))
            answer = b""
            while not answer.endswith(b"\x03"):
                answer += answers.read(1)
            found.append(answer)
        return found


# -- the end -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "ignoring"),
    [(signal.SIGTERM, ()), (signal.SIGHUP, ()), (signal.SIGINT, ()), (signal.SIGINT, (signal.SIGINT,))],
    ids=["SIGTERM", "SIGHUP", "SIGINT", "SIGINT in the background"],
)
def test_a_signal_ends_the_emulator_and_removes_its_files(
    tmp_path: Path, number: signal.Signals, ignoring: tuple[signal.Signals, ...]
) -> None:
    """Exit code 0; the control socket and the link are removed. In the background of a script SIGINT is ignored."""
    link, control = tmp_path / "printer", tmp_path / "control"
    with emulator("posnet", "--pty", link, "--control", control, ignoring=ignoring) as it:
        assert link.is_symlink()
        assert control.is_socket()
        assert order(control, do="register")["ok"]
        assert it.end(number) == 0
        assert it.err == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_emulator_survives_its_terminal_when_asked() -> None:
    """As by nohup, which ignores SIGHUP."""
    with emulator("posnet", "--tcp", "127.0.0.1:0", ignoring=(signal.SIGHUP,)) as it:
        it.process.send_signal(signal.SIGHUP)
        assert say(it, "scomm|")
        assert it.end() == 0


@pytest.mark.slow
def test_the_emulator_ends_while_a_connection_and_a_prompt_are_open(tmp_path: Path) -> None:
    with (
        emulator("posnet", "--tcp", "127.0.0.1:0", "--control", tmp_path / "control") as it,
        socket.create_connection(("127.0.0.1", it.port), timeout=10) as link,
    ):
        link.sendall(frame("dailyrep|"))
        while order(tmp_path / "control", do="display")["display"] is None:
            pass
        assert it.end() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_suite_that_ignores_interrupts_leaves_no_printer() -> None:
    """The tests that start printers as processes end them, where the whole run has SIGINT ignored (``nohup``, ``&``)."""
    script = (
        "import signal, subprocess, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "sys.exit(subprocess.call([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', *sys.argv[1:]]))"
    )
    names = ["tests/emulator/test_world.py::test_the_command", "tests/emulator/thermal/test_world.py::test_the_command"]
    # Not in this test's own folder: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="emu") as folder:
        command = [sys.executable, "-c", script, f"--basetemp={folder}/t", *names]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stdout
        assert "2 passed" in result.stdout
        assert _printers_below(Path(folder)) == []


def _printers_below(folder: Path) -> list[str]:
    """Command lines of emulated printers whose files are there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if "fiscald emulate" in line and str(folder) in line:
            found.append(line)
    return found


# -- the beginning -------------------------------------------------------------------------------------


def invoke(*arguments: str | Path) -> tuple[int, str]:
    """A refusal needs no separate process."""
    result = CliRunner().invoke(main, ["emulate", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_a_file_is_never_replaced_by_a_socket_or_a_link(tmp_path: Path) -> None:
    """Neither is what another printer uses."""
    file = tmp_path / "receipts.txt"
    file.write_text("precious")
    for option in ("--control", "--pty"):
        rest = ("--tcp", "127.0.0.1:0") if option == "--control" else ()
        code, text = invoke("posnet", option, file, *rest)
        assert code == 1
        assert f"Error: {file}: " in text
        assert "choose another name" in text
        assert file.read_text() == "precious"


@pytest.mark.slow
def test_a_control_socket_that_is_in_use_is_not_taken_over(tmp_path: Path) -> None:
    control = tmp_path / "control"
    with emulator("posnet", "--tcp", "127.0.0.1:0", "--control", control) as it:
        code, text = invoke("posnet", "--tcp", "127.0.0.1:0", "--control", control)
        assert code == 1
        assert "another emulated printer uses it" in text
        assert order(control, do="register")["ok"], "the first one is as it was"
        it.process.kill()
        it.process.wait()
    assert control.is_socket(), "killed, it left its socket"
    with emulator("posnet", "--tcp", "127.0.0.1:0", "--control", control) as it:
        assert order(control, do="register")["ok"], "what a killed one left is replaced"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--tcp", "127.0.0.1:0", "--control", "/nowhere/control"), "/nowhere/control: No such file"),
        (("--tcp", "127.0.0.1:0", "--control", "/tmp/" + "x" * 200), "too long"),
        (("--pty", "/nowhere/printer"), "/nowhere/printer: No such file"),
        (("--tcp", "127.0.0.1:0", "--paper", "/proc/nowhere"), "/proc/nowhere: "),
        (("--tcp", "203.0.113.1:7777"), "203.0.113.1:7777: "),
        (("--tcp", "127.0.0.1:0", "--pty", "x"), "give either --tcp HOST:PORT or --pty LINK"),
    ],
)  # fmt: skip
def test_a_start_failure_is_one_sentence(arguments: tuple[str, ...], hint: str) -> None:
    code, text = invoke("posnet", *arguments)
    assert code in (1, 2)
    assert hint in text
    assert text.count("Error: ") == 1


def test_a_port_in_use_is_one_sentence() -> None:
    with EmulatedPrinter() as printer:
        code, text = invoke("posnet", "--tcp", f"127.0.0.1:{printer.port}")
    assert code == 1
    assert f"127.0.0.1:{printer.port}: Address already in use" in text


def test_missing_pseudo_terminals_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without ``/dev/pts``."""

    def none_left() -> tuple[int, int]:
        raise OSError("out of pty devices")

    monkeypatch.setattr(pty, "openpty", none_left)
    code, text = invoke("posnet", "--pty", tmp_path / "printer")
    assert code == 1
    assert (
        text == f"Error: {tmp_path / 'printer'}: no pseudo-terminal can be opened here (out of pty devices); use TCP\n"
    )


# -- questions -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_question_is_shown_and_waits_for_the_control_socket(tmp_path: Path) -> None:
    control = tmp_path / "control"
    with emulator("posnet", "--tcp", "127.0.0.1:0", "--control", control) as it:
        say(it, *SALE)
        assert order(control, do="display") == {"ok": True, "display": None}
        with socket.create_connection(("127.0.0.1", it.port), timeout=10) as link:
            link.sendall(frame("dailyrep|"))
            assert it.process.stderr is not None
            line = it.process.stderr.readline()
            assert 'the display asks "Drukować raport dobowy? Data: 20' in line
            assert "(print the daily report of 20" in line
            assert '{"do": "press"}' in line
            asked = order(control, do="display")["display"]
            assert asked["pl"].startswith("Drukować raport dobowy?")
            assert asked["en"].startswith("print the daily report")
            assert order(control, do="press")["ok"]
            assert link.recv(100).startswith(b"\x02dailyrep\t#")
        assert order(control, do="display")["display"] is None


@pytest.mark.slow
def test_auto_confirm_answers_every_question(tmp_path: Path) -> None:
    with emulator("posnet", "--tcp", "127.0.0.1:0", "--auto-confirm", "--quiet") as it:
        answers = say(it, *SALE, "dailyrep|", "vatset|va22,00|vg100,00|", "vatget|")
        assert b"?" not in b"".join(answers)
        assert b"va22,00" in answers[-1]
        it.end()
    assert it.err.count("the display asks") == 2
    assert it.err.count("; confirmed") == 2
    assert it.out == "", "the question is shown though the paper is not"


@pytest.mark.slow
def test_an_unknown_command_is_named_on_standard_error() -> None:
    with emulator("posnet", "--tcp", "127.0.0.1:0", "--quiet") as it:
        answers = say(it, "discounttypeset|", "discounttypeset|", "nosuch|", "eparagonbufferget|hd1|", "scomm|")
        assert [answer[1:7] for answer in answers[:3]] == [b"ERR\t?1"] * 3
        it.end()
    first, second = it.err.splitlines()
    assert first.startswith("discounttypeset (choose how percentages are rounded) is not built into POSNET THERMAL XL2")
    assert second.startswith("'nosuch' is no command of POSNET THERMAL XL2")


# -- papers --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_sheet_is_kept_as_text_and_as_a_picture(tmp_path: Path) -> None:
    """Numbered, written before the reply; a second run continues the numbers."""
    folder = tmp_path / "deep" / "paper"
    for run in (1, 2):
        with emulator("posnet", "--tcp", "127.0.0.1:0", "--paper", folder, "--quiet") as it:
            say(it, *SALE)
            last = folder / f"{2 * run - 1:04d}-receipt.txt"
            assert "Żurek" in last.read_text("utf-8"), "it is there when the command is answered"
            say(it, "cash|kw100|wp1|")
            assert it.end() == 0
    names = sorted(each.name for each in folder.iterdir())
    assert names == [
        "0001-receipt.png", "0001-receipt.txt", "0002-cash_in.png", "0002-cash_in.txt", "0003-receipt.png", "0003-receipt.txt",
        "0004-cash_in.png", "0004-cash_in.txt",
    ]  # fmt: skip
    for name in names:
        if name.endswith(".txt"):
            assert MARK in (folder / name).read_text("utf-8")
        else:
            with Image.open(folder / name) as image:
                assert image.format == "PNG"


def test_a_full_disk_does_not_stop_the_printer(tmp_path: Path) -> None:
    warnings: list[str] = []
    folder = PaperFolder(tmp_path / "paper", warn=warnings.append)
    talk = Talk(printed=folder.keep)
    (tmp_path / "paper").rmdir()
    assert talk.sell(["trline|naX|vt0|pr100|"], "trend|to100|") == "trend|"
    assert len(warnings) == 1
    assert "0001-receipt was not kept: No such file" in warnings[0]


def test_without_the_extra_sheets_are_text_with_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiscald.emulator.png", None)
    warnings: list[str] = []
    folder = PaperFolder(tmp_path / "paper", warn=warnings.append)
    talk = Talk(printed=folder.keep)
    for _ in range(2):
        talk.sell(["trline|naX|vt0|pr100|"], "trend|to100|")
    assert sorted(each.name for each in (tmp_path / "paper").iterdir()) == ["0001-receipt.txt", "0002-receipt.txt"]
    assert warnings == ["sheets are kept as text only; pictures need: pip install 'fiscald[png]'"]


@pytest.mark.slow
def test_pictures_come_over_the_control_socket(tmp_path: Path) -> None:
    control = tmp_path / "control"
    with emulator("thermal", "--tcp", "127.0.0.1:0", "--control", control, "--quiet"):
        assert order(control, do="foreign_receipt")["ok"]
        assert order(control, do="foreign_receipt")["ok"]
        plain = order(control, do="paper")["printouts"]
        assert all("png" not in sheet for sheet in plain)
        pictures = order(control, do="paper", png=True)["printouts"]
        assert len(pictures) == 2
        for sheet in pictures:
            with Image.open(io.BytesIO(base64.b64decode(sheet["png"]))) as image:
                assert image.format == "PNG"
        assert len(order(control, do="paper", after=1, png=True)["printouts"]) == 1


@pytest.mark.parametrize("length", [1, 20, 100, 500, 1500])
def test_an_accepted_qr_code_fits_the_picture(length: int) -> None:
    talk = Talk()
    assert talk.say(f"qrcode|hx0|tx{'x' * length}|") == "qrcode|"
    assert talk.say("ftrcfg|bb1|bcABC123|") == "ftrcfg|"
    talk.sell(["trline|naX|vt0|pr100|"], "trend|to100|")
    with Image.open(io.BytesIO(picture(talk.register.printouts))) as image:
        assert image.width == 528, "as wide as any other sheet"
        # Nothing is drawn into the margins.
        margin = image.crop((0, 0, 20, image.height)).convert("L").point(lambda value: value < 128 and 255)
        marks = sum(margin.crop((0, y, 20, y + 1)).getbbox() is not None for y in range(image.height))
        assert marks <= 30, "but the emulator's mark"
