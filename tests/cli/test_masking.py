"""What leaves the shop of a real conversation: masked captures and bug reports of every family have no personal data."""

from __future__ import annotations

import base64
import binascii
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fiscald.emulator.running import EmulatedPrinter
from fiscald.protocols import family
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import read
from fiscald.recording.reading import entries, redact
from fiscald.testing import LocalDaemon
from tests.cli.conftest import Counter

CUSTOMER = "KLIENT-99887766"
RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [{"name": "Chleb razowy", "price": "5.00", "vat": "5%"}],
    "buyer": {"nip": "5260250274"},
    "cashier": "Zdzisława",
}
INVOICE: dict[str, Any] = {
    "type": "invoice",
    "number": "FV/7",
    "lines": [{"name": "Chleb razowy", "price": "5.00", "vat": "5%"}],
    "buyer": {"nip": "7792369887", "name": "Meble Wierzbicka", "address": ["ul. Brzozowa 5", "00-001 Radom"]},
    "cashier": "Zdzisława",
}
SECRETS = ("5260250274", "7792369887", "Zdzis", "Wierzbick", "Brzozow", CUSTOMER, "eyJ")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


def found(data: bytes, words: tuple[str, ...] = SECRETS) -> set[str]:
    """The words that stand in ``data``, in any encoding, also inside of what it carries in base 64."""
    texts = [data]
    for each in _BASE64.finditer(data):
        try:
            texts.append(base64.b64decode(each[0], validate=True))
        except binascii.Error:
            continue
    return {word for word in words for text in texts if any(word.encode(page) in text for page in ("utf-8", "cp1250"))}


def printed(daemon: LocalDaemon, name: str) -> None:
    details = daemon.client.printer("till1")
    takes_nip = details.capabilities["receipt"].fields.get("buyer.nip")
    receipt = dict(RECEIPT)
    if takes_nip is not None and not takes_nip.supported:
        del receipt["buyer"]
    documents = [receipt, *([INVOICE] if "invoice" in details.documents else [])]
    if name == "noviapi":
        documents.append(RECEIPT | {"e_receipt": {"customer_id": CUSTOMER}})
    for number, document in enumerate(documents):
        job = daemon.client.submit(f"A/{number}", "till1", document, wait=30)
        assert job.state == "done", job.error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["novitus-xml", "noviapi"])
def test_nothing_personal_and_no_token_leaves_the_shop(name: str, tmp_path: Path) -> None:
    with EmulatedPrinter(name) as printer, LocalDaemon({"till1": printer}) as daemon:
        printed(daemon, name)
        counter = Counter(daemon.socket, printer, tmp_path)
        plain, masked, report = (tmp_path / each for each in ("plain.pcapng", "masked.pcapng", "report.tar.gz"))
        assert counter.run("capture", "till1", "-o", str(plain)).exit_code == 0
        assert counter.run("capture", "till1", "--redact", "-o", str(masked)).exit_code == 0
        log = tmp_path / "empty.log"
        log.touch()
        assert counter.run("bugreport", "-o", str(report), "--log", str(log)).exit_code == 0
        shown = counter.run("decode", str(masked))
        assert counter.run("decode", str(plain)).exit_code == shown.exit_code == 0
    there = found(plain.read_bytes())
    assert {"5260250274", "7792369887", "Zdzis", "Wierzbick", "Brzozow"} <= there, "the conversation has them"
    assert name != "noviapi" or {CUSTOMER, "eyJ"} <= there
    assert found(masked.read_bytes()) == set()
    assert found(shown.stdout.encode()) == set()
    with tarfile.open(report) as archive:
        files = {each.name: archive.extractfile(each) for each in archive if each.isfile()}
        contents = {each: file.read() for each, file in files.items() if file is not None}
    assert any(each.endswith("till1.pcapng") for each in contents)
    assert {each: words for each, content in contents.items() if (words := found(content))} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["novitus-xml", "noviapi"])
def test_a_masked_conversation_can_be_read_as_before(name: str, tmp_path: Path) -> None:
    with EmulatedPrinter(name) as printer, LocalDaemon({"till1": printer}) as daemon:
        printed(daemon, name)
        plain = daemon.client.capture("till1")
    packets = read(plain).packets
    before, after = (
        [(each.frame.name, each.frame.damage) for each in entries(some) if each.frame is not None]
        for some in (packets, redact(packets))
    )
    assert len(before) > 20
    assert after == before
    assert {damage for _, damage in after} == {None}


def test_numbers_are_shown_as_numbers() -> None:
    """Python takes 1 for true and 0 for false."""
    decoding = family("noviapi").decoding
    assert decoding is not None
    body = json.dumps({"status": {"number": 1, "free": 0, "on": True, "off": None}}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    (frame,) = decoding.decoder(None).feed(Direction.RECEIVED, head + body)  # type: ignore[arg-type]
    assert {each.name: each.value for each in frame.fields} == {
        "status": "200", "status/number": "1", "status/free": "0", "status/on": "true", "status/off": "null",
    }  # fmt: skip
    assert all(each.meaning for each in frame.fields)
