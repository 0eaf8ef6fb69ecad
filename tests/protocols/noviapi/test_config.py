"""The family in the configuration: its addresses and options; and its part of the Wireshark program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fiscald.protocols
from fiscald import config
from fiscald.config import ConfigError, parse
from fiscald.daemon import _printer
from fiscald.diagnostics.candidates import candidates
from fiscald.diagnostics.host import Host
from fiscald.kept import kept_in
from fiscald.protocols.noviapi.options import NoviApiOptions
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.memory import Memory
from fiscald.transport import HttpHost, HttpsHost
from tests.protocols.driving import NOON

FAMILIES = tuple(dict.fromkeys((*fiscald.protocols.FAMILIES, "noviapi")))
DIGITS = "0f" * 32


@pytest.fixture(autouse=True)
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fiscald.protocols, config):
        monkeypatch.setattr(module, "FAMILIES", FAMILIES)


def configured(**printer: Any) -> config.PrinterConfig:
    return parse({"printers": {"till1": {"family": "noviapi", **printer}}}, Path("/x/f.toml")).printers["till1"]


def test_a_printer_in_the_configuration() -> None:
    plain = configured(address="http://192.168.1.51", profile="57mm", e_document_protocol="MF")
    assert plain.parsed_address == HttpHost("192.168.1.51", 8888)
    assert plain.options == NoviApiOptions(profile="57mm", e_document_protocol="MF")
    safe = configured(address=f"https://till.local:8889?fingerprint=sha256:{DIGITS}")
    assert safe.parsed_address == HttpsHost("till.local", 8889, DIGITS)


@pytest.mark.parametrize(
    ("printer", "words"),
    [
        ({"address": "https://192.168.1.51"}, "openssl s_client -connect 192.168.1.51:8888"),
        ({"address": "serial:///dev/ttyS0"}, "http://HOST:PORT"), ({"address": "usb://1424:10b0"}, "http://HOST:PORT"),
        ({"address": "http://x", "code_page": "cp1250"}, "code_page"), ({"address": "http://x", "profile": "big"}, "profile"),
        ({"address": "http://x", "family": "posnet"}, "no web server; write tcp://HOST:PORT"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_what_to_write(printer: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        configured(**printer)
    assert words in str(refused.value)


def test_one_server_for_two_printers_is_refused() -> None:
    printers = {
        "till1": {"family": "noviapi", "address": "http://192.168.1.51"},
        "till2": {"family": "noviapi", "address": f"https://192.168.1.51:8888?fingerprint=sha256:{DIGITS}"},
    }
    with pytest.raises(ConfigError, match="have the same address"):
        parse({"printers": printers}, Path("/x/f.toml"))


def test_the_daemon_gives_a_printer_what_it_kept(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "kept" / "till1.json")
    kept["token"] = "eyJ0"
    folder = RecordingFolder(tmp_path, lambda: NOON, size=1 << 20, days=1)
    printer = _printer("till1", configured(address="http://x"), Memory(1 << 20), folder, ksef_warnings=True, kept=kept)
    assert printer.settings.kept["token"] == "eyJ0"


def test_a_scan_of_a_web_address_tries_web_families_alone(tmp_path: Path) -> None:
    (found,) = candidates(Host(tmp_path), named=("http://192.168.1.51:8888",), spoken=FAMILIES)
    assert found.families == ("noviapi",)
