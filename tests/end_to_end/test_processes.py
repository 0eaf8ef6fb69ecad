"""The installed commands as processes: started, stopped, killed, activated; as their users run them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fiscald.api.client import Client
from fiscald.emulator.running import EmulatedPrinter
from fiscald.journal import Phase, Store
from fiscald.licence.testing import make_certificate
from fiscald.protocols import FAMILIES
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import read
from tests.daemons import RECEIPT
from tests.waiting import until, until_status

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def configuration(tmp_path: Path, printer: EmulatedPrinter, more: str = "") -> Path:
    path = tmp_path / "fiscald.toml"
    path.write_text(
        f"""
socket = "fiscald.sock"
state_dir = "state"
[licence]
test_keys = true
[printers.till1]
family = "{printer.family}"
address = "{printer.address}"
{more}
"""
    )
    return path


@contextmanager
def daemon(path: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [str(BIN / "fiscald"), "run", "--config", str(path)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if "is ready" in line:
            return
    raise AssertionError("the daemon ended before it was ready")


def licensed(tmp_path: Path) -> Client:
    client = Client(tmp_path / "fiscald.sock")
    client.install_licence(make_certificate())
    return client


@pytest.mark.daily
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_started_used_and_stopped(tmp_path: Path, number: signal.Signals, family: str) -> None:
    with EmulatedPrinter(family, link="pty") as printer:
        path = configuration(tmp_path, printer)
        with daemon(path) as process:
            ready(process)
            mode = (tmp_path / "fiscald.sock").stat().st_mode & 0o777
            assert mode == 0o660
            with licensed(tmp_path) as client:
                assert client.submit("A", "till1", RECEIPT).state == "done"
            process.send_signal(number)
            _, log = process.communicate(timeout=20)
            assert process.returncode == 0
            assert "Traceback" not in log
            assert not (tmp_path / "fiscald.sock").exists()


def test_a_second_signal_does_not_kill_the_printing_document(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        printer.fault("switch", "trend", switch="paper_out")
        with daemon(configuration(tmp_path, printer)) as process:
            ready(process)
            with licensed(tmp_path) as client:
                client.submit("A", "till1", RECEIPT, wait=0)
                until(client, "paper_out")
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            while "stopping (" not in process.stderr.readline():
                pass
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                process.send_signal(number)
            printer.clear()
            process.communicate(timeout=20)
            assert process.returncode == 0
    store = Store(tmp_path / "state", lambda: datetime.now(UTC))
    entry = store.job("A")
    store.close()
    assert entry is not None
    assert entry.phase is Phase.DONE


@pytest.mark.daily
def test_a_daemon_killed_during_a_document_answers_after_the_restart(tmp_path: Path, family: str) -> None:
    with EmulatedPrinter(family) as printer:
        path = configuration(tmp_path, printer)
        printer.fault("switch", {"posnet": "trend", "thermal": "$y"}[family], switch="paper_out")
        with daemon(path) as process:
            ready(process)
            with licensed(tmp_path) as client:
                client.submit("A", "till1", RECEIPT, wait=0)
                until_status(client, lambda status: status.state == "paper_out" and status.job == "A")
            process.kill()
            process.wait()
        printer.clear()
        with daemon(path) as process:
            ready(process)
            with Client(tmp_path / "fiscald.sock") as client:
                job = client.job("A", wait=30)
                assert job.state == "done"
                assert job.result is not None
                assert job.result.number == 1
        assert printer.register.day.receipt_count == 1


def test_two_daemons_cannot_share_anything(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        with daemon(path) as process:
            ready(process)
            second = subprocess.run(
                [str(BIN / "fiscald"), "run", "--config", str(path)],
                capture_output=True,
                text=True,
                check=False,
                timeout=20,
            )
            assert second.returncode == 1
            assert "in use by another fiscald" in second.stderr
            assert "Traceback" not in second.stderr
            other = tmp_path / "other.toml"
            other.write_text(path.read_text().replace('"state"', '"state2"'))
            third = subprocess.run(
                [str(BIN / "fiscald"), "run", "--config", str(other)],
                capture_output=True,
                text=True,
                check=False,
                timeout=20,
            )
            assert third.returncode == 1
            assert "served by another process" in third.stderr


def test_the_socket_of_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        with daemon(path) as process:
            ready(process)
            process.kill()
            process.wait()
        assert (tmp_path / "fiscald.sock").exists()
        with daemon(path) as process:
            ready(process)


def test_a_bad_configuration_is_reported_in_sentences(tmp_path: Path) -> None:
    path = tmp_path / "fiscald.toml"
    path.write_text("sokcet = 'x'\n[printers.t]\nfamily = 'posnet'\n")
    told = subprocess.run(
        [str(BIN / "fiscald"), "run", "--config", str(path)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 78
    assert "did you mean socket?" in told.stderr
    assert "printers.t.address is missing" in told.stderr


@pytest.mark.parametrize("text", ['[rights]\nraw = ["user:no-such-user"]', "x =", 'socket = "tcp://127.0.0.1:1"', None])
def test_an_error_that_a_restart_cannot_fix_ends_with_78(tmp_path: Path, text: str | None) -> None:
    """``RestartPreventExitStatus=``: systemd does not start it again. A second daemon, or a full disk, may go away."""
    path = tmp_path / "fiscald.toml"
    if text is not None:
        path.write_text(
            f"{text}\n" if "socket" in text else f"{text}\n".replace("[rights]", 'state_dir = "s"\n[rights]')
        )
    told = subprocess.run(
        [str(BIN / "fiscald"), "run", "--config", str(path)], capture_output=True, text=True, check=False, timeout=30
    )
    assert (told.returncode, "Traceback" in told.stderr) == (78, False)


def test_systemd_hands_over_a_socket_and_is_notified_when_ready(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer)
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(str(tmp_path / "notify"))
        notices.settimeout(10)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(tmp_path / "activated.sock"))
        listener.listen()
        # As systemd does: the socket is descriptor 3 and LISTEN_PID is the process itself.
        script = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True);"
            "os.environ['LISTEN_PID'] = str(os.getpid()); os.environ['LISTEN_FDS'] = '1';"
            "os.execv(sys.argv[2], sys.argv[2:])"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(listener.fileno()), str(BIN / "fiscald"), "run", "--config", str(path)],
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"},
        )
        try:
            told: list[str] = []
            while sum("WATCHDOG=1" in text for text in told) < 3 or not any("READY=1" in text for text in told):
                told.append(notices.recv(4096).decode())
            with Client(tmp_path / "activated.sock") as client:
                assert client.hello()["product"] == "fiscald"
            assert not (tmp_path / "fiscald.sock").exists()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
            assert (tmp_path / "activated.sock").exists(), "systemd's socket is systemd's to remove"
        finally:
            process.kill()
            process.wait()
            notices.close()
            listener.close()


def test_a_licence_put_in_place_is_read_on_reload(tmp_path: Path) -> None:
    from fiscald.licence import LicenceGate, LicenceStore

    with EmulatedPrinter() as printer, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(tmp_path / "notify"))
        notices.settimeout(20)
        path = configuration(tmp_path, printer)
        with (
            daemon(path, NOTIFY_SOCKET=str(tmp_path / "notify")) as process,
            Client(tmp_path / "fiscald.sock") as client,
        ):
            ready(process)
            assert notices.recv(4096) == b"READY=1\nSTATUS=licence unregistered"
            assert client.licence()["state"] == "unregistered"
            store = LicenceStore(tmp_path / "state" / "licence", LicenceGate.keys(test_keys=True))
            store.install(make_certificate().encode(), int(time.time()))
            process.send_signal(signal.SIGHUP)
            assert notices.recv(4096) == b"STATUS=licence active"
            assert client.licence()["state"] == "active"


def test_recording_keeps_both_directions(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        path = configuration(tmp_path, printer, "record = true")
        with daemon(path) as process:
            ready(process)
            with licensed(tmp_path) as client:
                client.submit("A", "till1", RECEIPT)
    (file,) = (tmp_path / "state" / "recordings").iterdir()
    packets, warnings = read(file.read_bytes())
    assert not warnings
    assert {packet.printer for packet in packets} == {"till1"}
    sent = b"".join(packet.data for packet in packets if packet.direction is Direction.SENT)
    got = b"".join(packet.data for packet in packets if packet.direction is Direction.RECEIVED)
    assert b"\x02trend\tto1150\tfp1150\t" in sent
    assert b"\x02trend\t#2902\x03" in got
    assert file.stat().st_mode & 0o077 == 0


def test_the_demonstration(tmp_path: Path) -> None:
    told = subprocess.run(
        [str(BIN / "fiscald"), "demo", "--png", str(tmp_path / "paper.png")],
        capture_output=True, text=True, check=False, timeout=50, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert '"state": "done"' in told.stdout
    assert "P A R A G O N   F I S K A L N Y" in told.stdout
    assert "EMULATOR - NIE JEST PARAGONEM FISKALNYM" in told.stdout
    assert "NIP NABYWCY: 5260250274" in told.stdout
    assert (tmp_path / "paper.png").read_bytes().startswith(b"\x89PNG")


def test_the_demonstration_of_a_shop() -> None:
    done = subprocess.run(
        [str(BIN / "fiscald"), "demo", "--shop"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=os.environ | {"COLUMNS": "92"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in FAMILIES:
        assert re.search(rf"^  {name} +done, number 1, total 30\.00, EMU", done.stdout, re.MULTILINE), done.stdout
        assert f"== {name} ==" in done.stdout
    assert "without the cable: novitus-xml  running" in done.stdout
    assert "with the cable:    novitus-xml  done, number 2, total 30.00" in done.stdout
    assert "receipts in the printer's memory: 2; sheets of paper: 2" in done.stdout
    assert done.stdout.count("SKLEP PRZYKŁADOWY           ") == 2, "two papers beside each other"


def test_the_demonstration_first_warns_that_it_cannot_draw(tmp_path: Path) -> None:
    command = [str(BIN / "fiscald"), "demo", "--png", str(tmp_path / "none" / "paper.png")]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert (told.returncode, told.stdout) == (2, "")
    assert f"cannot write to {tmp_path}/none" in told.stderr


@pytest.mark.parametrize(
    "command", [["fiscald", "--help"], ["fiscalctl", "--help"], ["fiscald", "--version"], ["fiscald", "run", "--help"]]
)
def test_help(command: list[str]) -> None:
    told = subprocess.run([str(BIN / command[0]), *command[1:]], capture_output=True, text=True, check=True)
    assert told.stdout
