"""What a gateway does can be seen: in a recording, on the command line, in events and in the metrics."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fiscald.cli.fiscalctl import main
from fiscald.config import PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.recording.packets import Event, Side, read
from fiscald.recording.reading import entries, of_printer, turns
from tests.emulator.posnet.talking import frame
from tests.gateway.test_tcp import Running, free_port, until

SALE = ("trinit|bm0|", "trline|naŻurek|vt1|pr1200|", "trnipset|ni5260250274|", "trend|to1200|")


class Gate:
    """A daemon with a Thermal printer behind a POSNET gateway, and the port of the gateway."""

    def __init__(self, running: Running, port: int) -> None:
        self.running = running
        self.client = running.client
        self.port = port

    def sell(self) -> str:
        """A receipt of a program; its key."""
        before = {job.key for job in self.running.jobs}
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            for command in SALE:
                line.sendall(frame(command))
                line.recv(4096)
            until(lambda: self.gateway["program"] == "127.0.0.1")
        until(lambda: self.gateway["program"] is None)
        (key,) = {job.key for job in self.running.jobs} - before
        until(lambda: self.client.job(key).program.sent[0].answered is not None)  # type: ignore[union-attr, index]
        return key

    @property
    def gateway(self) -> dict[str, Any]:
        found = self.client.printer("till1").gateway
        assert found is not None
        return found.model_dump()

    def ctl(self, *words: str) -> str:
        done = CliRunner().invoke(main, ["--socket", str(self.running.config.socket), *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.output


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("seen")
    port = free_port()
    with EmulatedPrinter("thermal") as printer:
        listening = GatewayConfig(listen=f"tcp://127.0.0.1:{port}", family="posnet")
        config = PrinterConfig(family="thermal", address=printer.address, record=True, gateway=listening)
        running = Running(folder, config)
        running.start()
        try:
            yield Gate(running, port)
        finally:
            running.kill()


def test_a_capture_has_both_sides_each_in_its_own_family(gate: Gate, tmp_path: Path) -> None:
    gate.sell()
    packets = read(gate.client.capture("till1")).packets
    assert {(each.side, each.family) for each in packets} == {(Side.PRINTER, "thermal"), (Side.PROGRAM, "posnet")}
    program = [each for each in entries(packets) if each.side is Side.PROGRAM]
    assert [each.event for each in program if each.frame is None][:2] == [Event.OPEN, Event.LOST]
    said = [f"{each.direction} {each.frame.name}" for each in program if each.frame is not None]
    assert said[:8] == [f"{way} {name.partition('|')[0]}" for name in SALE for way in "><"]
    assert not any(each.frame.damage for each in entries(packets) if each.frame is not None)
    played = turns(entries(packets))
    assert {turn.command.name for connection in played for turn in connection} >= {"$h", "$l"}
    assert played == turns(entries(of_printer(packets))), "a replay takes the printer's side"


def test_decode_marks_the_sides(gate: Gate, tmp_path: Path) -> None:
    gate.sell()
    file = tmp_path / "both.pcapng"
    gate.ctl("capture", "till1", "-o", str(file))
    text = gate.ctl("decode", str(file))
    assert ", till1 (thermal, programs posnet)" in text
    assert " program - connected: 127.0.0.1" in text
    assert " program > trline: sell or reverse a line" in text
    assert " printer > $l" in text
    masked = tmp_path / "masked.pcapng"
    gate.ctl("capture", "till1", "-o", str(masked), "--redact")
    assert b"5260250274" in file.read_bytes()
    assert b"5260250274" not in masked.read_bytes()
    sides = {each["side"] for each in json.loads(gate.ctl("--json", "decode", str(masked)))["entries"]}
    assert sides == {"program", "printer"}


def test_the_recording_on_disk_has_both_sides_in_one_file(gate: Gate) -> None:
    gate.sell()
    (file,) = (gate.running.config.state_dir / "recordings").glob("*.pcapng")
    found = read(file.read_bytes())
    assert found.warnings == []
    assert {each.side for each in found.packets} == set(Side)


def test_a_job_shows_who_sent_it_and_what_it_said(gate: Gate) -> None:
    key = gate.sell()
    program = gate.client.job(key).program
    assert program is not None
    assert (program.peer, program.family, program.repeated) == ("127.0.0.1", "posnet", 0)
    assert program.sent is not None
    assert len(program.sent) == 1
    listed = next(job for job in gate.running.jobs if job.key == key)
    assert listed.program is not None
    assert listed.program.sent is None, "only the answer of one job has the bytes"
    assert f"{key}  number" in gate.ctl("jobs")
    assert "from 127.0.0.1" in gate.ctl("jobs")
    assert "trline" not in gate.ctl("job", key)
    text = gate.ctl("job", key, "--frames")
    assert "through the gateway, from 127.0.0.1 (posnet)" in text
    assert "> trline: sell or reverse a line" in text
    assert "name = Żurek" in text


def test_an_application_has_no_program(gate: Gate) -> None:
    job = gate.client.submit("of-an-application", "till1", {"type": "drawer"}, wait=10)
    assert job.program is None
    assert gate.client.job("of-an-application").program is None


def test_status_tells_what_the_gateway_has_done(gate: Gate) -> None:
    key = gate.sell()
    done = gate.gateway
    assert (done["listen"], done["family"]) == (f"tcp://127.0.0.1:{gate.port}", "posnet")
    assert done["last_printed"] == key
    assert done["printed"] >= 1
    assert done["document"] is None
    text = gate.ctl("status")
    assert f"gateway: posnet at tcp://127.0.0.1:{gate.port}, no program is connected; " in text
    assert f"last printed {key}" in text
    with socket.create_connection(("127.0.0.1", gate.port)):
        until(lambda: "127.0.0.1 is connected" in gate.ctl("status"))


def test_the_metrics_count_the_documents_of_programs(gate: Gate) -> None:
    gate.sell()
    transport = httpx.HTTPTransport(uds=str(gate.running.config.socket))
    with httpx.Client(transport=transport, base_url="http://fiscald") as http:
        text = http.get("/metrics").text
    assert 'fiscald_gateway_connected{printer="till1"} 0.0' in text
    assert 'fiscald_gateway_waits{printer="till1"} 0.0' in text
    printed = gate.gateway["printed"]
    assert f'fiscald_gateway_documents_total{{outcome="printed",printer="till1"}} {printed}.0' in text


def test_the_event_stream_tells_when_a_program_comes_and_goes(gate: Gate) -> None:
    until(lambda: gate.gateway["program"] is None)
    seen: list[str | None] = []
    events = gate.client.events()
    line: socket.socket | None = None
    end = time.monotonic() + 30
    for event in events:
        status = getattr(event, "gateway", None)
        if status is not None and (not seen or seen[-1] != status.program):
            seen.append(status.program)
        if seen == [None] and line is None:
            line = socket.create_connection(("127.0.0.1", gate.port))
        elif seen == [None, "127.0.0.1"] and line is not None:
            line.close()
        elif len(seen) == 3:
            break
        assert time.monotonic() < end
    assert seen == [None, "127.0.0.1", None]


def test_the_log_has_nothing_of_what_a_program_said(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        gate.sell()
    assert "5260250274" not in caplog.text
    assert "urek" not in caplog.text
