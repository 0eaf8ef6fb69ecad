"""The configuration: the contract's example, and a sentence for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscald.config import Config, ConfigError, load
from fiscald.transport import SerialLine, TcpHost

CONTRACT = """
socket = "/run/fiscald/fiscald.sock"
state_dir = "/var/lib/fiscald"
[licence]
test_keys = false
[printers.till1]
family = "posnet"
address = "serial:///dev/ttyACM0?baud=115200"
code_page = "cp1250"
"""


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "fiscald.toml"
    path.write_text(text, "utf-8")
    return load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return str(caught.value)


def test_the_example_of_the_contract(tmp_path: Path) -> None:
    config = read(tmp_path, CONTRACT)
    assert config.socket == Path("/run/fiscald/fiscald.sock")
    assert config.printers["till1"].parsed_address == SerialLine("/dev/ttyACM0", 115200)
    assert not config.licence.test_keys


def test_everything_has_a_default(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert config.state_dir == Path("/var/lib/fiscald")
    assert config.printers == {}


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, 'socket = "s.sock"\nstate_dir = "state"\n')
    assert config.socket == tmp_path / "s.sock"
    assert config.state_dir == tmp_path / "state"


PRINTER = '[printers.till1]\nfamily = "posnet"\naddress = "tcp://127.0.0.1:6666"\n'


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("sokcet = 1", ["unknown key sokcet", "did you mean socket"]),
        ("[licence]\ntest_key = true", ["licence.test_key", "did you mean test_keys"]),
        (PRINTER + 'baud = "9600"', ["printers.till1.baud", "known here"]),
        (PRINTER + 'codepage = "cp1250"', ["did you mean code_page"]),
        (PRINTER.replace('"posnet"', '"posnett"'), ["printers.till1.family", "known: posnet"]),
        (PRINTER.replace("tcp://127.0.0.1:6666", "tcp://127.0.0.1"), ["printers.till1.address", "tcp://HOST:PORT"]),
        (PRINTER + 'code_page = "utf8"', ["code_page of a posnet printer is one of cp1250, latin2, mazovia"]),
        (PRINTER + 'profile = "newest"', ["profile of a posnet printer is one of"]),
        ('[printers.till1]\nfamily = "posnet"', ["printers.till1.address is missing"]),
        (PRINTER.replace("till1", '"kasa 1"'), ["no name for a printer"]),
        (PRINTER + PRINTER.replace("till1", "till2"), ["till1 and till2 have the same address"]),
        ("[licence]\ntest_keys = 1", ["licence.test_keys"]),
        ('log_level = "loud"', ["log_level"]),
        ('[rights]\nprnt = ["user:anna"]', ["unknown key rights.prnt", "did you mean print"]),
        ('[rights]\nprint = ["anna"]', ["rights.print.0"]),
        ('[rights]\nprint = ["role:anna"]', ["rights.print.0"]),
        ('[rights]\nprint = "user:anna"', ["rights.print"]),
        ("socket = ", ["fiscald.toml"]),
        ('a = 1\nb = 2', ["unknown key a", "unknown key b"]),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, hints: list[str]) -> None:
    told = complaint(tmp_path, text)
    for hint in hints:
        assert hint in told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load(tmp_path / "none.toml")


def test_tcp_addresses_and_profiles(tmp_path: Path) -> None:
    config = read(tmp_path, PRINTER + 'profile = "old"\ncode_page = "mazovia"\nrecord = true\n')
    printer = config.printers["till1"]
    assert printer.parsed_address == TcpHost("127.0.0.1", 6666)
    assert (printer.profile, printer.code_page, printer.record) == ("old", "mazovia", True)


def test_rights(tmp_path: Path) -> None:
    config = read(tmp_path, '[rights]\nprint = ["group:fiscald"]\nraw = ["user:anna", "group:serwis"]\nresolve = []\n')
    assert {right: names for right, names in config.rights.given.items() if names is not None} == {
        "print": ("group:fiscald",), "raw": ("user:anna", "group:serwis"), "resolve": ()
    }  # fmt: skip


def test_the_flight_recorder_has_a_size(tmp_path: Path) -> None:
    assert read(tmp_path, PRINTER).printers["till1"].flight_recorder_kib == 1024
    assert read(tmp_path, PRINTER + "flight_recorder_kib = 64").printers["till1"].flight_recorder_kib == 64
    assert "flight_recorder_kib" in complaint(tmp_path, PRINTER + "flight_recorder_kib = 1")
