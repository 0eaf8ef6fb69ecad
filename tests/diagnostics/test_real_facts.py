"""The facts themselves, from real things: sockets, files, a damaged journal."""

from __future__ import annotations

import os
import pwd
import socket
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from fiscald.diagnostics import facts as gather
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.host import Host
from fiscald.emulator.running import EmulatedPrinter
from fiscald.journal import inspection
from fiscald.model.times import POLISH_TIME
from fiscald.transport import (
    SerialLine,
)
from tests.diagnostics.judged import NOW, codes, facts, till
from tests.diagnostics.test_host import holding, terminal
from tests.diagnostics.tree import BY_ID, FTDI, Tree

__all__ = ["terminal"]


def test_a_real_port_that_a_real_process_holds(tmp_path: Path, terminal: str) -> None:
    tree = Tree(tmp_path / "root")
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    with holding(tmp_path, terminal) as pid:
        tree.process(pid)
        found = gather.printer_facts(Host(tree.root), till(status=None), "root", NOW)
    (told,) = [each for each in judge(facts(found)) if each.code == "doctor.port_held"]
    assert told.text.startswith(f"/dev/ttyUSB0 is in use by minicom (process {pid}")


def test_rights_of_a_real_user_to_a_real_port(tmp_path: Path, terminal: str) -> None:
    tree = Tree(tmp_path / "root")
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    host, path = Host(tree.root), Path(terminal)
    path.chmod(0o600)
    address = SerialLine(BY_ID)
    try:
        own = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        pytest.skip("this user has no name")
    mine = gather.port_facts(host, address, own)
    others = gather.port_facts(host, address, "nobody")
    assert (mine.may_open, others.may_open, others.mode) == (True, False, 0o600)
    path.chmod(0o606)
    assert gather.port_facts(host, address, "nobody").may_open
    assert not gather.port_facts(host, SerialLine("/dev/no"), "nobody").there


def test_a_real_socket(tmp_path: Path) -> None:
    path = tmp_path / "fiscald.sock"
    absent = gather.socket_facts(path, answers=False)
    assert (absent.there, "doctor.daemon_down" in codes(facts(socket=absent))) == (False, True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o666)
        found = gather.socket_facts(path, answers=True)
        assert (found.there, found.denied, found.mode) == (True, None, 0o666)


def test_a_real_journal_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert inspection.damage(tmp_path) is None, "there is none yet"
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("CREATE TABLE jobs (key TEXT)")
        journal.executemany("INSERT INTO jobs VALUES (?)", [("x" * 500,)] * 200)
    assert inspection.damage(tmp_path) is None
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)
    assert inspection.damage(tmp_path) is not None
    path.write_bytes(b"not a database at all" * 100)
    assert inspection.damage(tmp_path) is not None
    found = gather.state_facts(tmp_path, daemon=False)
    assert found is not None
    assert "doctor.journal" in codes(facts(state=found))
    assert gather.state_facts(tmp_path / "none", daemon=False) is None


async def test_a_real_printer_without_a_daemon() -> None:
    """Its paper, clock, rates and memory come from the printer."""
    with EmulatedPrinter() as device:
        device.switch("paper_out")
        device.seed(clock_offset=3600.0 * 3, rates=["7", None, None, None, None, None, None])
        configured = [till(device.address, None)]
        probed = await gather.ask_all(Host(), configured)
        now = datetime.now(POLISH_TIME)
        found = gather.printer_facts(Host(), configured[0], "root", now, probed=probed["till1"])
    assert codes(facts(found)) == ["doctor.paper_out", "doctor.clock_drift", "doctor.vat_unusual"]


async def test_a_real_address_where_no_program_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    configured = [till(f"tcp://127.0.0.1:{free}", None)]
    probed = await gather.ask_all(Host(), configured)
    found = gather.printer_facts(Host(), configured[0], "root", NOW, probed=probed["till1"])
    (told,) = judge(facts(found))
    assert told.code == "doctor.unreachable"
    assert told.text.startswith(
        f"tcp://127.0.0.1:{free} cannot be reached: Connection refused; nothing listens at this port"
    )
