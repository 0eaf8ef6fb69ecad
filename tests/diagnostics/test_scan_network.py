"""Scanning network printers: usual ports of a host, web servers with and without TLS, what is asked of them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from fiscald.cli import scan
from fiscald.diagnostics import candidates as places
from fiscald.diagnostics import probing, web
from fiscald.diagnostics.candidates import Candidate, Configured, candidates
from fiscald.diagnostics.facts import ask_all
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.probing import Heard, Probed, probe
from fiscald.diagnostics.proposing import configuration
from fiscald.emulator.running import EmulatedPrinter
from fiscald.protocols import FAMILIES
from fiscald.transport import AddressError, HttpHost, HttpsHost, TcpHost, UnknownHttps, Unreachable
from tests.diagnostics.tree import Tree
from tests.transport.test_tls import Certificate, certificate


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "FIRST_SECONDS", 0.2)


def named(where: str, spoken: tuple[str, ...] = FAMILIES) -> list[Candidate]:
    return [each for each in candidates(Host(), named=[where], spoken=spoken) if each.named]


async def ask(where: str) -> Probed:
    (candidate,) = named(where)
    return await probe(candidate, Host())


@contextmanager
def secured(printer: EmulatedPrinter, cert: Certificate) -> Iterator[int]:
    """TLS in front of an emulated printer: what is decrypted goes to its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert.file)
    listening = socket.create_server(("127.0.0.1", 0))
    ends = threading.Event()

    def pump(source: Any, target: Any) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            with suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        while not ends.is_set():
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                tls = context.wrap_socket(plain, server_side=True)
            except OSError:
                plain.close()
                continue
            inner = socket.create_connection((printer.host, printer.port))
            back = threading.Thread(target=pump, args=(inner, tls), daemon=True)
            back.start()
            pump(tls, inner)
            back.join()
            inner.close()
            tls.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        ends.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


# -- what is asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "noviapi"])
async def test_a_network_printer_is_found_whatever_its_family(family: str) -> None:
    with EmulatedPrinter(family) as printer:
        printer.foreign_receipt()
        before = printer.register
        found = await ask(f"127.0.0.1:{printer.port}")
        assert found.answer is not None
        assert (found.answer.family, str(found.answer.address)) == (family, printer.address)
        assert printer.register == before


@pytest.mark.parametrize("where", ["127.0.0.1:{}", "tcp://127.0.0.1:{}", "http://127.0.0.1:{}"])
async def test_a_web_printer_is_found_and_gets_its_address(where: str) -> None:
    with EmulatedPrinter("noviapi") as printer:
        before = printer.register
        found = await ask(where.format(printer.port))
        assert found.answer is not None
        assert (found.answer.family, str(found.answer.address)) == ("noviapi", printer.address)
        assert found.answer.sent.count(b"GET /api/v1 HTTP/1.1") == 1
        assert b"token" not in b"".join(each.sent for each in found.attempts)
        assert printer.register == before
        assert configuration([found]) == f'[printers.till1]\nfamily = "noviapi"\naddress = "{printer.address}"\n'


@pytest.mark.parametrize("where", ["https://127.0.0.1:{}", "http://127.0.0.1:{}"])
async def test_a_server_with_tls_is_recognised_with_its_fingerprint(tmp_path: Path, where: str) -> None:
    cert = certificate(tmp_path)
    with EmulatedPrinter("noviapi") as printer, secured(printer, cert) as port:
        found = await ask(where.format(port))
        assert found.answer is not None
        assert found.answer.address == HttpsHost("127.0.0.1", port, cert.fingerprint)
    assert f"https://127.0.0.1:{port}?fingerprint=sha256:{cert.fingerprint}" in configuration([found])
    told = "\n".join(scan._text([found], "", asking=True))
    assert f"its certificate has the fingerprint sha256:{cert.fingerprint}" in told


async def test_https_at_a_plain_server_is_an_error_with_the_remedy() -> None:
    with EmulatedPrinter("noviapi") as printer:
        found = await ask(f"https://127.0.0.1:{printer.port}")
        assert isinstance(found.problem, Unreachable)
        assert f"for HTTP write {printer.address}" in str(found.problem)


async def test_no_handshake_is_sent_to_a_printer_with_a_serial_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes could be a command to it."""
    looked: list[Any] = []
    monkeypatch.setattr(UnknownHttps, "look", lambda self: looked.append(self))
    with EmulatedPrinter("thermal") as printer:
        (candidate,) = named(f"127.0.0.1:{printer.port}", ("noviapi", "thermal"))
        found = await probe(candidate, Host())
        assert [each.heard for each in found.attempts] == [Heard.NOTHING, Heard.ANSWER]
    assert looked == []


def test_usb_and_serial_lines_are_not_probed_with_http(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.uart("ttyS0")
    (port,) = [each for each in candidates(Host(tmp_path), named=["/dev/ttyS0"], spoken=FAMILIES) if each.named]
    assert [name for name, _ in probing._settings(port) if name == "noviapi"] == []


# -- the usual ports of a host --------------------------------------------------------------------------


def test_a_host_has_its_usual_ports() -> None:
    found = named("192.168.1.51")
    assert [each.address for each in found] == [
        TcpHost("192.168.1.51", 6001), *(HttpHost("192.168.1.51", port) for port in range(8888, 8898)),
    ]  # fmt: skip
    assert found[0].families[0] == "novitus-xml"
    assert {each.families for each in found[1:]} == {("noviapi",)}
    assert [each.address.port for each in named("till.local", ("noviapi",)) if isinstance(each.address, TcpHost)] == [
        *range(8888, 8898)
    ]
    with pytest.raises(AddressError, match=r"write tcp://till\.local:PORT"):
        named("till.local", ("posnet", "thermal"))


async def test_a_host_is_asked_at_its_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatedPrinter("novitus-xml") as xml, EmulatedPrinter("noviapi", ports=2) as api:
        ports = [int(each.rpartition(":")[2]) for each in api.addresses]
        free = socket.create_server(("127.0.0.1", 0))
        ports.append(free.getsockname()[1])
        free.close()
        monkeypatch.setattr(places, "XML_PORT", xml.port)
        monkeypatch.setattr(places, "WEB_PORTS", ports)
        results = await scan.ask(named("127.0.0.1"), Host(), lambda _: None)
        block = configuration(results)
        told = "\n".join(scan._text(results, block, asking=True))
    assert [None if each.answer is None else each.answer.family for each in results] == [
        "novitus-xml", "noviapi", "noviapi", None,
    ]  # fmt: skip
    assert block.count("[printers.") == 2, "its second server is for another program"
    assert f"127.0.0.1: nothing listens at {ports[-1]}\n" in told


async def test_a_host_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[TcpHost] = []

    async def silent(self: TcpHost) -> Any:
        asked.append(self)
        raise Unreachable(f"{self} does not answer")

    monkeypatch.setattr(TcpHost, "_connect", silent)
    results = await scan.ask(named("192.0.2.1"), Host(), lambda _: None)
    assert (len(results), len(asked)) == (11, 1)
    assert all(isinstance(each.problem, Unreachable) for each in results)


# -- what the doctor finds beside a web printer ---------------------------------------------------------


async def test_a_printer_with_xml_beside_a_closed_server_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = socket.create_server(("127.0.0.1", 0))
    port = refused.getsockname()[1]
    refused.close()
    one = Configured("till1", "noviapi", HttpHost("127.0.0.1", port))
    probed = await ask_all(Host(), [one])
    assert web.is_refused("link.refused", str(probed["till1"].problem))
    assert await web.with_xml(Host(), [one], probed) == frozenset()
    with EmulatedPrinter("novitus-xml") as printer:
        monkeypatch.setattr(web, "XML_PORT", printer.port)
        assert await web.with_xml(Host(), [one], probed) == {"till1"}
        other = Configured("till2", "novitus-xml", TcpHost("127.0.0.1", printer.port))
        assert await web.with_xml(Host(), [one, other], probed) == frozenset(), "a daemon may use that one"
        why = str(probed["till1"].problem)
        (found,) = web.why_no_server(HttpHost("127.0.0.1", port), "link.refused", why, menu="m", xml=True)
    assert f"XML answers at port {printer.port}" in found.text


async def test_a_web_server_set_to_another_protocol_is_named() -> None:
    """The doctor asks an address of a web printer with every protocol, and the other way round."""
    with EmulatedPrinter("novitus-xml") as xml, EmulatedPrinter("noviapi") as api:
        crossed = [
            Configured("till1", "noviapi", HttpHost("127.0.0.1", xml.port)),
            Configured("till2", "novitus-xml", TcpHost("127.0.0.1", api.port)),
        ]
        probed = await ask_all(Host(), crossed)
        answers = [each.answer for each in probed.values()]
    assert [(each.family, str(each.address)) for each in answers if each is not None] == [
        ("novitus-xml", xml.address), ("noviapi", api.address),
    ]  # fmt: skip
