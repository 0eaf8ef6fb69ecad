"""The emulated printer in the world: pty, TCP, control socket, state file, thread, fixture, picture."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import serial

from fiscald.emulator.control import Control
from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.paper import MARK
from fiscald.emulator.png import draw
from fiscald.emulator.running import EmulatedPrinter, build
from fiscald.emulator.server import PortServer
from fiscald.emulator.storage import Storage, StorageError
from fiscald.transport import LinkLost
from tests.emulator.posnet.talking import Talk, frame
from tests.emulator.processes import emulator, order

ROOT = Path(__file__).parents[2]
SALE = ["trinit|bm0|", "trline|naŻurek|vt1|pr1200|", "trpayment|ty0|wa1200|naGotówka|re0|", "trend|to1200|fp1200|"]


class Host:
    """A foreign program: plain sockets and serial ports, no fiscald."""

    def __init__(self, printer: EmulatedPrinter) -> None:
        if printer.port:
            self.link: Any = socket.create_connection((printer.host, printer.port), timeout=5)
            self.send: Callable[[bytes], object] = self.link.sendall
            self.recv: Callable[[], bytes] = lambda: self.link.recv(4096)
        else:
            self.link = serial.Serial(printer.path, 9600, timeout=5)
            self.send, self.recv = self.link.write, lambda: self.link.read(1)

    def ask(self, text: str) -> str:
        self.send(frame(text))
        answer = b""
        while not answer.endswith(b"\x03"):
            answer += self.recv()
        return str(answer[1:-6].decode("cp1250").replace("\t", "|"))

    def close(self) -> None:
        self.link.close()


@pytest.mark.parametrize("link", ["tcp", "pty"])
def test_a_foreign_program_prints_a_receipt(link: Any) -> None:
    with EmulatedPrinter(link=link) as printer:
        host = Host(printer)
        for command in SALE:
            assert host.ask(command) == command.split("|")[0] + "|"
        assert host.ask("scnt|") == "scnt|rd0|hn1|bn1|fn0|nuEMU 0000000001|bc0|bt1|fc0|"
        host.close()
        assert "Żurek" in printer.paper[-1]
        assert MARK in printer.paper[-1]
        assert printer.register.day.receipts[1] == 1200


@pytest.mark.parametrize("link", ["tcp", "pty"])
def test_a_receipt_stays_open_when_the_program_reconnects(link: Any) -> None:
    with EmulatedPrinter(link=link) as printer:
        host = Host(printer)
        host.ask("trinit|")
        host.close()
        host = Host(printer)
        assert "|ts16|" in host.ask("scomm|")
        host.close()


def test_the_connection_of_a_second_caller_is_closed() -> None:
    with EmulatedPrinter() as printer:
        first = Host(printer)
        first.ask("scomm|")
        second = socket.create_connection((printer.host, printer.port), timeout=5)
        assert second.recv(10) == b""
        second.close()
        assert first.ask("scomm|")
        first.close()


@pytest.mark.fiscal_printer(profile="old")
def test_the_fixture_and_its_marker(fiscal_printer: EmulatedPrinter) -> None:
    host = Host(fiscal_printer)
    assert host.ask("sid|").startswith("sid|nmPOSNET THERMAL HS FV EMU|")
    host.close()


def test_faults_on_demand_of_a_synchronous_test(fiscal_printer: EmulatedPrinter) -> None:
    fiscal_printer.switch("paper_out")
    host = Host(fiscal_printer)
    host.send(frame("trinit|"))
    assert host.ask("!sprn|") == "sprn|pr5|"
    fiscal_printer.switch(Switch.PAPER_OUT, on=False)
    assert host.recv()[1:8] == b"trinit\t"
    fiscal_printer.fault("drop_after", "trline")
    host.send(frame("trline|naX|vt0|pr100|"))
    host.link.settimeout(0.05)
    with pytest.raises(TimeoutError):
        host.recv()
    fiscal_printer.clear()
    with pytest.raises(ValueError, match="one is open"):
        fiscal_printer.foreign_receipt()
    fiscal_printer.seed(cash=777)
    assert fiscal_printer.register.cash == 777
    fiscal_printer.power(on=False)
    host.link.settimeout(5)
    assert host.recv() == b""
    fiscal_printer.power(on=True)
    with pytest.raises(ValueError, match="the display shows no question"):
        fiscal_printer.press(confirm=True)
    fiscal_printer.switch("wait_key")
    fiscal_printer.press(confirm=True)
    host.close()


@pytest.mark.slow
def test_the_plugin_works_in_another_test_suite(pytester: pytest.Pytester) -> None:
    """The installed package provides the fixture; no part of this suite is loaded."""
    pytester.makepyfile(
        """
        import socket

        def test_printer(fiscal_printer):
            with socket.create_connection((fiscal_printer.host, fiscal_printer.port)) as link:
                link.sendall(b"\\x02scomm\\t#C42B\\x03")
                assert link.recv(4096).startswith(b"\\x02scomm\\tfsT\\ttzT\\tts0\\t")
            assert fiscal_printer.paper == []
            assert fiscal_printer.register.day.receipt_count == 0
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


# -- state file ------------------------------------------------------------------------------------------


def test_the_memory_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "printer.db"
    with EmulatedPrinter(storage=path) as printer:
        host = Host(printer)
        for command in SALE:
            host.ask(command)
        host.ask("trinit|")
        host.ask("trline|naKawa|vt0|pr500|")
        host.close()
    with EmulatedPrinter(storage=path) as printer:
        host = Host(printer)
        assert host.ask("strns|").startswith("strns|to1|ts16|va500|")
        assert host.ask("prncancel|") == "prncancel|"
        assert host.ask("scnt|") == "scnt|rd0|hn2|bn1|fn0|nuEMU 0000000001|bc1|bt2|fc0|"
        host.close()
        assert [sheet.kind for sheet in printer.printouts] == ["receipt", "cancelled_receipt"]
        assert printer.register.goods


def test_an_open_footer_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "printer.db"
    with EmulatedPrinter(storage=path) as printer:
        host = Host(printer)
        for command in (*SALE[:-1], "trend|to1200|fp1200|fe0|", "trftrln|id25|naDzięki|"):
            host.ask(command)
        host.close()
    with EmulatedPrinter(storage=path) as printer:
        host = Host(printer)
        assert host.ask("strns|").endswith("feT|")
        assert host.ask("trftrend|") == "trftrend|"
        host.close()
        assert "Dzięki" in printer.paper[-1]


def test_a_foreign_state_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("not a database, long enough to be noticed" * 50)
    with pytest.raises(StorageError, match="not a state file"):
        build("posnet", storage=path)
    with contextlib.closing(Storage(tmp_path / "other", "thermal")) as storage:
        storage.save(RegisterState(), [])
    with pytest.raises(StorageError, match="thermal"):
        build("posnet", storage=tmp_path / "other")


def test_the_seed_chooses_the_unique_number() -> None:
    device, _ = build("posnet", seed=41)
    assert device.register.state.unique_number == "EMU 0000000042"


# -- control ---------------------------------------------------------------------------------------------


def control() -> tuple[Talk, Control, list[bool]]:
    talk = Talk()
    woken: list[bool] = []
    return talk, Control(talk.printer, lambda: woken.append(True)), woken


def said(it: Control, **content: Any) -> Any:
    return json.loads(it.execute_line(json.dumps(content).encode()))


def test_orders() -> None:
    talk, it, woken = control()
    assert said(it, do="switch", name="cover") == {"ok": True}
    assert talk.say("!sprn|") == "sprn|pr3|"
    assert said(it, do="clear")["ok"]
    assert said(it, do="fault", act="corrupt_in", command="scomm")["ok"]
    assert talk.say("scomm|") == "ERR|?5|"
    assert said(it, do="clock", offset=3600)["ok"]
    assert talk.say("rtcget|").startswith("rtcget|da2026-10-09;12:44|")
    assert said(it, do="foreign_receipt")["ok"]
    told = said(it, do="paper")
    assert told["printouts"][0]["kind"] == "receipt"
    assert MARK in told["printouts"][0]["text"]
    assert said(it, do="paper", after=1)["printouts"] == []
    assert said(it, do="register")["register"]["day"]["receipt_count"] == 1
    assert said(it, do="seed", state={"day": {"receipts": [9_999_999_990, 0, 0, 0, 0, 0, 0]}})["ok"]
    talk.say("trinit|")
    talk.say("trline|naX|vt0|pr100|")
    assert talk.say("trend|to100|") == "trend|?2010|", "totals near their limit can be reached"
    assert said(it, do="power", on=False)["ok"]
    assert not talk.printer.powered
    talk.printer.power(on=True)
    talk.say("prncancel|")
    talk.send("dailyrep|")
    assert said(it, do="press", confirm=False)["ok"]
    assert talk.receive() == ["dailyrep|?30|"]
    assert len(woken) == 11


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (b"{", "JSON"), (b"[]", "object"), (b'{"do": "explode"}', "do"), (b'{"do": "switch", "name": "paper"}', "paper_out"),
        (b'{"do": "power"}', "on"), (b'{"do": "fault", "act": "drop_after", "nth": 0}', "nth"), (b'{"do": "clear", "x": 1}', "x"),
        (b'{"do": "seed", "state": {"unique_number": 5}}', "unique_number"),
        (b'{"do": "seed", "state": {"unique_number": "ZBF 2101002392"}}', "EMU"),
        (b'{"do": "seed", "state": {"clock_offset": 1e300}}', "clock_offset"),
        (b'{"do": "seed", "state": {"rates": []}}', "rates"), (b'{"do": "seed", "state": {"day": {"receipts": [1]}}}', "receipts"),
        (b'{"do": "fault", "act": "late", "seconds": NaN}', "seconds"),
        (b'{"do": "clock", "offset": 1e300}', "offset"), (b'{"do": "clock", "offset": -1e10}', "offset"),
        (b'{"do": "clock", "offset": NaN}', "offset"),
    ],
)  # fmt: skip
def test_bad_control_commands_get_a_reason(line: bytes, hint: str) -> None:
    talk, it, _ = control()
    answer = json.loads(it.execute_line(line))
    assert not answer["ok"]
    assert hint in answer["error"]
    assert talk.say("rtcget|").startswith("rtcget|da2026-10-09;11:44|")
    assert "nuEMU " in talk.say("getrealid|")


async def test_the_control_socket(tmp_path: Path) -> None:
    talk = Talk()
    path = tmp_path / "control"
    async with anyio.create_task_group() as tasks:
        await tasks.start(Control(talk.printer, lambda: None).serve, path)
        assert path.stat().st_mode & 0o077 == 0
        async with await anyio.connect_unix(path) as link:
            await link.send(b'{"do": "switch", "na')
            await link.send(b'me": "menu"}\n\n{"do": "clear"}\n')
            answers = b""
            while answers.count(b"\n") < 2:
                answers += await link.receive()
        assert [json.loads(line) for line in answers.splitlines()] == [{"ok": True}, {"ok": True}]
        tasks.cancel_scope.cancel()
    assert not path.exists()


async def test_a_device_without_power_drops_the_line() -> None:
    talk = Talk()
    server = PortServer(talk.printer)
    async with anyio.create_task_group() as tasks:
        line = server.connect(tasks)
        await line.send(frame("scomm|"))
        assert await line.receive()
        talk.printer.power(on=False)
        server.wake()
        with pytest.raises(LinkLost):
            await line.receive()


# -- picture ---------------------------------------------------------------------------------------------


def test_the_picture(tmp_path: Path) -> None:
    from PIL import Image

    talk = Talk()
    talk.say("qrcode|hx0|txhttps://example.pl|")
    talk.say("ftrcfg|bb1|")
    talk.sell(["trline|naŻółw|vt0|pr100|"], "trend|to100|")
    path = tmp_path / "paper.png"
    draw(talk.register.printouts, path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        width, height = image.size
        assert height > width
        dark = sum(image.convert("1").point(lambda v: v == 0).histogram()[1:])
    assert dark > 1000, "there is ink on it"
    with pytest.raises(ValueError, match="nothing"):
        draw([], path)


def test_polish_letters_have_their_own_shapes() -> None:
    """A font without them would draw the same box for all."""
    from importlib.resources import files

    from PIL import ImageFont

    path = files("fiscald.emulator").joinpath("fonts/DejaVuSansMono.ttf")
    font = ImageFont.truetype(str(path), 20)
    shapes = {bytes(font.getmask(letter)) for letter in "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"}
    assert len(shapes) == 18


# -- as a process ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    """``fiscald emulate`` on a pty with control socket and state; killed and started again it remembers."""
    link, orders = tmp_path / "printer", tmp_path / "control"
    arguments = ("posnet", "--pty", link, "--control", orders, "--state", tmp_path / "state", "--seed", "6")
    for run in (1, 2):
        with emulator(*arguments) as it:
            assert "EMU 0000000007" in it.ready
            with serial.Serial(str(link), 9600, timeout=5) as port:
                for text in SALE:
                    port.write(frame(text))
                    assert port.read_until(b"\x03")[1:6] == text[:5].encode()
            assert order(orders, do="register")["register"]["day"]["receipt_count"] == run
            if run == 2:
                assert it.end(signal.SIGINT) == 0, it.err
                assert MARK in it.out
                # anyio's Unix stream complains if its peer leaves in the same turn of the loop as Ctrl-C comes: not ours.
                assert "Traceback" not in it.err or "callback Future.set_result(None)" in it.err
                assert "fiscald/emulator/" not in it.err, "no line of ours in a traceback"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "either --tcp HOST:PORT or --pty"),
        (["--tcp", "127.0.0.1"], "write HOST:PORT"),
        (["--tcp", "127.0.0.1:1", "--profile", "newest"], "online, old"),
        (["--tcp", "127.0.0.1:1", "--code-page", "utf8"], "cp1250"),
        (["--tcp", "203.0.113.1:7777"], "203.0.113.1:7777: "),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: list[str], hint: str) -> None:
    from click.testing import CliRunner

    from fiscald.cli.fiscald import main

    result = CliRunner().invoke(main, ["emulate", "posnet", *arguments])
    assert result.exit_code in (1, 2)
    assert hint in result.output
    assert "Traceback" not in result.output


def test_a_slow_line_takes_its_time() -> None:
    with EmulatedPrinter(baud=9600) as printer:
        host = Host(printer)
        began = time.monotonic()
        answer = host.ask("sfsk|")
        sent, received = len(frame("sfsk|")), len(frame(answer))
        assert time.monotonic() - began >= (sent + received) * 10 / 9600
        host.close()


def test_the_emulator_imports_nothing_of_the_daemon() -> None:
    """Foreign programs can use it alone: importing it brings no engine, journal, API or client."""
    script = (
        "import sys, fiscald.emulator.running, fiscald.emulator.posnet, fiscald.emulator.control\n"
        "bad = [m for m in sys.modules if m.startswith(('fiscald.engine', 'fiscald.journal', 'fiscald.api', 'fiscald.licence',"
        " 'fiscald.protocols.posnet.dialogue', 'fiscald.protocols.proof', 'fiscald.protocols.planning', 'httpx', 'starlette', 'uvicorn', 'joserfc'))]\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
