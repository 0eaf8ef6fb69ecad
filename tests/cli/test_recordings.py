"""The verbs for recordings: what they show, write and refuse; all but ``capture`` without a daemon."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from fiscald.cli.fiscalctl import main
from fiscald.emulator.running import EmulatedPrinter
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import read, write
from tests.cli.conftest import RECEIPT, Counter
from tests.protocols.posnet.scripted import frame
from tests.recording.example import PATH, example
from tests.recording.test_regression import ABOUT, capture
from tests.recording.test_replay import line
from tests.recordings.made import RECEIPT as THERMAL_RECEIPT
from tests.recordings.made import capture as thermal_capture

BIN = Path(sys.executable).parent
EXAMPLE = str(PATH)
NO_DAEMON = ["--socket", "/nonexistent/fiscald.sock"]


def run(*arguments: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*NO_DAEMON, *arguments], input=data)


def run_json(*arguments: str) -> Any:
    return json.loads(run("--json", *arguments).stdout)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], str]:
    def make(content: bytes) -> str:
        path = tmp_path / "some.pcapng"
        path.write_bytes(content)
        return str(path)

    return make


# -- capture ---------------------------------------------------------------------------------------------


def test_a_capture_of_a_receipt(counter: Counter) -> None:
    document = RECEIPT | {"buyer": {"nip": "5260250274"}}
    assert counter.run("print", counter.file(document)).exit_code == 0
    path = counter.folder / "till1.pcapng"
    result = counter.run("capture", "till1", "-o", str(path))
    assert (result.exit_code, result.output) == (0, "")
    assert path.stat().st_mode & 0o077 == 0
    packets, warnings = read(path.read_bytes())
    assert not warnings
    sent = b"".join(packet.data for packet in packets if packet.direction is Direction.SENT)
    assert frame("trnipset\tni5260250274\t") in sent
    assert frame("trend\tto1000\tfp1000\t") in sent
    again = counter.run("capture", "till1", "-o", str(path))
    assert again.exit_code == 2
    assert "--force" in again.stderr
    masked = counter.run("capture", "till1", "-o", str(path), "--force", "--redact")
    assert masked.exit_code == 0
    assert b"5260250274" not in path.read_bytes()
    shown = run("decode", str(path)).stdout
    assert "ni  NIP = 0000000000" in shown
    assert "> trend: close the receipt" in shown
    assert "DAMAGED" not in shown
    replayed = run("replay", str(path))
    assert replayed.exit_code == 0, replayed.output


def test_a_capture_to_standard_output_and_to_invalid_places(counter: Counter) -> None:
    result = counter.run("capture", "till1", "-o", "-")
    assert read(result.stdout_bytes).packets[0].note == counter.printer.address
    assert counter.run("capture", "till9", "-o", "-").exit_code == 2
    nowhere = counter.run("capture", "till1", "-o", "/no/such/folder/x")
    assert nowhere.exit_code == 2
    assert "No such file or directory" in nowhere.stderr


def test_a_replaced_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    about = [f"--{name}={value}" for name, value in ABOUT.items()]
    path = tmp_path / "old"
    path.write_bytes(b"x" * 100_000)
    path.chmod(0o644)
    assert run("regression", EXAMPLE, "-o", str(path), "--force", *about).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_bytes())
    assert run("regression", EXAMPLE, "-o", "/dev/null", "--force", *about).exit_code == 0, "no file, and left as it is"


@pytest.mark.slow
@pytest.mark.parametrize("output", ["-", "/dev/full"])
def test_a_full_disk(output: str) -> None:
    about = [f"--{name}={value}" for name, value in ABOUT.items()]
    command = [str(BIN / "fiscalctl"), "regression", EXAMPLE, "-o", output, "--force", *about]
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in told.stderr


# -- decode ----------------------------------------------------------------------------------------------


def test_decoding_a_recording() -> None:
    result = run("decode", EXAMPLE)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "2026-11-22, till1 (posnet)"
    assert "12:00:00.104000 > trline: sell or reverse a line" in lines
    assert "                      na  name = Żurek" in lines
    assert "                          towar zablokowany: był sprzedawany z inną stawką PTU" in lines
    assert "                  ... 5.250 s" in lines
    assert "12:00:05.604000 < ?: DAMAGED, the checksum does not fit" in lines


def test_decoding_as_json() -> None:
    content = run_json("decode", EXAMPLE)
    assert content["warnings"] == []
    line = next(entry for entry in content["entries"] if entry.get("name") == "trline" and entry["error"])
    assert line["error"] == {
        "name": "2106 ERR_DF_DB_LOCKED",
        "text": "the control of rate assignments blocks this name at this rate",
        "text_pl": "towar zablokowany: był sprzedawany z inną stawką PTU",
    }
    assert (line["direction"], line["at"]) == ("<", "2026-11-22T11:00:00.125000+00:00")
    name = next(entry for entry in content["entries"] if entry.get("name") == "trline")["fields"][0]
    assert name == {"name": "na", "text": "Żurek", "value": "Żurek", "meaning": "name", "volatile": False}
    assert content["entries"][0] | {"at": ""} == {
        "at": "", "printer": "till1", "family": "posnet", "side": "printer", "event": "gap", "direction": None,
        "note": "17 earlier packets are not kept any more",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "02 74 72 65 6E 64 09 23 32 39 30 32 03",
        "0274 7265 6e64 0923 3239 3032 03",
        "0x02, 0x74, 0x72, 0x65, 0x6E, 0x64, 0x09, 0x23, 0x32, 0x39, 0x30, 0x32, 0x03",
        "02:74:72:65:6e:64:09:23:32:39:30:32:03",
    ],
)
def test_bare_bytes(text: str) -> None:
    for result in (run("decode", text), run("decode", *text.split()), run("decode", "-", data=text.encode() + b"\n")):
        assert (result.exit_code, result.stdout) == (0, "trend: close the receipt\n")


def test_bare_bytes_are_of_the_family_that_can_read_them() -> None:
    assert "open a receipt" in run("decode", "1B5030246838331B5C").stdout
    answer = run("decode", "1B5032 31235A 246C 1B5C 6A", "--from-printer").stdout
    assert "paragon nie jest rozpoczęty" in answer
    assert "PAR  a receipt is open = yes" in answer


def test_bare_bytes_of_a_printer(file: Callable[[bytes], str]) -> None:
    answer = frame("eclastdocnoget\tdi49\t")
    assert "di  its number = 49" in run("decode", answer.hex(), "--from-printer").stdout
    assert "di  its number = 49" in run("decode", file(answer.hex(" ").encode()), "--family", "posnet").stdout
    damaged = run_json("decode", answer.hex()[:-2])["frames"][0]
    assert (damaged["damage"], damaged["hex"]) == ("the frame has no end", answer.hex()[:-2])


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no such file", "neither a file"),
        ("", "neither a file"),
        ("0x", "neither a file"),
        ("027", "neither a file"),
        ("z" * 5000, "zzz... is neither a file"),
        ("/", "Is a directory"),
        (__file__, "neither a file, nor a recording"),
    ],
)
def test_a_file_that_cannot_be_decoded_is_refused(what: str, words: str) -> None:
    result = run("decode", what)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_an_unknown_code_page_is_refused() -> None:
    result = run("decode", EXAMPLE, "--code-page", "utf-8")
    assert result.exit_code == 2
    assert "cp1250, latin2, mazovia" in result.stderr
    assert "name = Żurek" not in run("decode", EXAMPLE, "--code-page", "mazovia").stdout


def test_packets_without_a_time(file: Callable[[bytes], str]) -> None:
    """In Poland the last day would be in the year 10000."""
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    result = run("decode", file(write([packet._replace(at=last) for packet in example()])))
    assert (result.exit_code, result.stdout) == (0, "(empty recording)\n")
    assert "a packet of no time that there will be" in result.stderr


def test_a_truncated_recording_is_shown_with_a_warning(file: Callable[[bytes], str]) -> None:
    result = run("decode", file(PATH.read_bytes()[:-10]))
    assert result.exit_code == 0
    assert "the file ends in the middle of a block" in result.stderr
    assert "trline" in result.stdout


@given(st.binary().map(lambda junk: PATH.read_bytes()[:200] + junk) | st.binary())
def test_any_file_is_shown_or_refused_with_a_sentence(data: bytes) -> None:
    result = run("decode", "-", data=data)
    assert result.exit_code in (0, 2)
    assert "Traceback" not in result.output


# -- replay ----------------------------------------------------------------------------------------------


def test_replaying_on_a_fresh_emulated_printer(file: Callable[[bytes], str]) -> None:
    from fiscald.model.receipt import Receipt

    path = file(write(capture(Receipt.model_validate(RECEIPT | {"type": "receipt"}))))
    result = run("replay", path)
    assert result.exit_code == 0, result.output
    assert "commands played, 0 differences" in result.stdout
    assert "scomm nu (unique number): recorded EMU 0000000007; now EMU 0000000001" in result.stdout
    assert run_json("replay", path)["differences"] == []


@pytest.mark.parametrize("profile", ["posnet", "novitus"])
def test_replaying_on_a_fresh_printer_of_the_recorded_profile(profile: str, file: Callable[[bytes], str]) -> None:
    path = file(write(thermal_capture(profile, THERMAL_RECEIPT)))
    assert run_json("replay", path)["differences"] == []
    assert run_json("replay", path, "--profile", profile)["differences"] == []
    other = "novitus" if profile == "posnet" else "posnet"
    assert run("replay", path, "--profile", other, "--wait", "0.05").exit_code == 1
    result = run("replay", path, "--profile", "online")
    assert result.exit_code == 2
    assert "no emulated thermal printer has a profile 'online'; profiles: posnet, novitus, innova" in result.stderr


def test_a_difference_is_exit_code_1(file: Callable[[bytes], str]) -> None:
    with EmulatedPrinter() as printer:
        result = run("replay", file(write(line(("trline\tnaA\tvt0\tpr1\t", "trline\t")))), "--against", printer.address)
    assert result.exit_code == 1
    assert "trline: recorded trline; now trline ?=2005 (no transaction is open)" in result.stdout


def test_a_recording_that_cannot_be_replayed_is_refused(file: Callable[[bytes], str]) -> None:
    for arguments, words in (
        (["--against", "nowhere"], "an address starts with"),
        (["--against", "tcp://127.0.0.1:1"], "Connection refused"),
        (["--as-printer", "serial:///dev/null"], "listens at tcp://HOST:PORT"),
        (["--as-printer", "tcp://127.0.0.1:1", "--against", "tcp://127.0.0.1:1"], "exclude each other"),
        (["--profile", "online", "--against", "tcp://127.0.0.1:1"], "without --against"),
        (["--as-printer", "tcp://203.0.113.1:99"], "203.0.113.1"),
    ):
        result = run("replay", EXAMPLE, *arguments)
        assert result.exit_code == 2, result.output
        assert words in result.stderr
    assert "no command is in it" in run("replay", file(write([]))).stderr
    assert "no pcapng file" in run("replay", file(b"rubbish rubbish rubbish")).stderr


@pytest.mark.slow
@pytest.mark.parametrize(("total", "code"), [("100", 0), ("200", 1)])
def test_serving_a_recording_as_a_printer(tmp_path: Path, file: Callable[[bytes], str], total: str, code: int) -> None:
    path = file(write(line(("trinit\t", "trinit\t"), ("trend\tto100\t", "trend\t"))))
    link = tmp_path / "printer"
    command = [str(BIN / "fiscalctl"), "replay", path, "--pty", str(link)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert f"at serial://{link}" in process.stderr.readline()
        timer = threading.Timer(20, process.kill)
        timer.start()
        with link.open("r+b", buffering=0) as port:
            port.write(frame("trinit\t"))
            assert port.read(50) == frame("trinit\t")
            port.write(frame(f"trend\tto{total}\t"))
            if code == 0:
                assert port.read(50) == frame("trend\t")
                process.send_signal(signal.SIGINT)  # who leaves a serial port is not noticed
        told = process.stdout.read()
        timer.cancel()
    assert told
    assert process.returncode == code


# -- regression ------------------------------------------------------------------------------------------


def test_a_regression_test_of_a_capture(tmp_path: Path, file: Callable[[bytes], str]) -> None:
    path = file(write(example()))
    about = [f"--{name}={value}" for name, value in ABOUT.items()]
    output = tmp_path / "posnet-hd.json"
    assert run("regression", path, "-o", str(output), *about).exit_code == 0
    content = json.loads(output.read_text("utf-8"))
    assert (content["family"], content["model"]) == ("posnet", "POSNET THERMAL HD ONLINE")
    assert ["trnipset\tni0000000000\t", "trnipset\t"] in content["conversations"][0]["exchanges"]
    assert run("regression", path, "-o", str(output), *about).exit_code == 2, "it is there already"
    assert json.loads(run("regression", path, "-o", "-", *about).stdout) == content
    assert run("regression", path, "-o", "-", *about[1:]).exit_code == 2, "a header without model"
    assert "no command is in it" in run("regression", file(write([])), "-o", "-", *about).stderr
