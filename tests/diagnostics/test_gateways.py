"""The gateways of a configuration on a computer, before they run."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fiscald.cli.check import check, stops, text
from fiscald.diagnostics.gateways import NamedGateway, named_gateway, other_listener, taken_ports
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.units import Units

USER = "daemon"


def listening(root: Path, port: int, *, uid: int, program: str | None = None, table: str = "tcp") -> None:
    """A tree with a socket that listens, and the process that has it, if it can be seen."""
    folder = root / "proc/net"
    folder.mkdir(parents=True)
    row = f"  0: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 {uid} 0 4711 1 0 100 0"
    (folder / table).write_text(f"  sl  local_address rem_address   st\n{row}\n")
    if program is not None:
        (root / "proc/77/fd").mkdir(parents=True)
        (root / "proc/77/fd/5").symlink_to("socket:[4711]")
        (root / "proc/77/comm").write_text(program)


def test_another_programs_port_is_named(tmp_path: Path) -> None:
    listening(tmp_path, 6001, uid=33, program="nginx")
    host = Host(tmp_path)
    assert other_listener(host, 6001, USER) == "nginx (process 77)"
    assert other_listener(host, 6002, USER) is None
    (found,) = taken_ports((NamedGateway("till1", port=6001), NamedGateway("till2", port=6002)), host, USER)
    assert (found.code, found.stops) == ("doctor.gateway_port", True)
    assert "gateway of till1" in found.text


def test_a_port_of_fiscald_itself_is_no_finding(tmp_path: Path) -> None:
    listening(tmp_path, 6001, uid=33, program="fiscald", table="tcp6")
    assert other_listener(Host(tmp_path), 6001, USER) is None


def test_a_holder_that_cannot_be_seen_is_known_by_its_user(tmp_path: Path) -> None:
    listening(tmp_path, 6001, uid=0)
    assert other_listener(Host(tmp_path), 6001, USER) == "a program of the user root"
    assert other_listener(Host(tmp_path), 6001, "root") is None


def test_a_real_port_in_use_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        holder = other_listener(Host(), listener.getsockname()[1], "no-such-user")
        assert holder is not None
        assert f"process {os.getpid()}" in holder


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/home/anna", "/run/user/1000"])
def test_a_service_sees_other_directories_than_programs(folder: str) -> None:
    gateway = NamedGateway("till1", Path(folder) / "till1")
    found = [each.code for each in named_gateway(gateway, "root", Units(service=True), Path("/f"))]
    assert "doctor.gateway_unseen" in found
    by_hand = [each.code for each in named_gateway(gateway, "root", Units(), Path("/f"))]
    assert "doctor.gateway_unseen" not in by_hand


def test_fiscald_check_shows_gateways_and_their_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(
        '[printers.till1]\nfamily = "novitus-xml"\naddress = "tcp://127.0.0.1:6666"\n'
        '[printers.till1.gateway]\nlisten = "tcp://0.0.0.0:6001"\nfamily = "posnet"\nallow = ["0.0.0.0/0"]\n'
        'documents = ["receipt", "shift_report"]\n'
        '[printers.till2]\nfamily = "posnet"\naddress = "tcp://127.0.0.1:6667"\n'
        '[printers.till2.gateway]\nlisten = "pty:none/till2"\nfamily = "thermal"\ngroup = "no-such-group"\n'
    )
    config, mistakes = check(path, Host())
    codes = {each.code.removeprefix("doctor.") for each in mistakes if "gateway" in each.code}
    assert codes == {"gateway_open", "gateway_documents", "gateway_link", "gateway_group"}
    assert stops(mistakes)
    shown = "\n".join(text(path, config, mistakes))
    assert "gateway: programs speak posnet at tcp://0.0.0.0:6001, from 0.0.0.0/0, only receipt, shift_report" in shown
    assert "group no-such-group" in shown
