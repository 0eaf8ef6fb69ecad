"""HTTPS addresses: TLS to a server that is known by its certificate, over real sockets."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fiscald.transport import (
    AddressError,
    HttpHost,
    HttpsHost,
    LinkLost,
    Recorder,
    StreamEnded,
    Unreachable,
    WrongCertificate,
    parse_address,
    web,
)

DIGITS = "ab" * 32


@dataclass(frozen=True)
class Certificate:
    file: Path
    fingerprint: str


def certificate(folder: Path, name: str = "somebody-else.example") -> Certificate:
    """A certificate that a printer has made itself, for a name that is not its address."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))  # it has ended long ago: only the fingerprint counts
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return Certificate(file, hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest())


@contextlib.contextmanager
def server(cert: Certificate | None, serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on this computer that serves one connection; without a certificate it speaks no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def work() -> None:
            with contextlib.suppress(OSError):
                link, _ = listener.accept()
                if cert is None:
                    with link:
                        serve(link)
                    return
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(cert.file)
                with context.wrap_socket(link, server_side=True) as wrapped:
                    serve(wrapped)

        thread = threading.Thread(target=work)
        thread.start()
        yield listener.getsockname()[1]
        listener.close()
        thread.join()


def echo(link: socket.socket) -> None:
    while data := link.recv(65536):
        link.sendall(data)


async def test_bytes_pass_through_tls_and_are_recorded_plain(tmp_path: Path) -> None:
    cert = certificate(tmp_path)
    seen: list[tuple[str, bytes]] = []
    with server(cert, echo) as port:
        address = parse_address(f"https://127.0.0.1:{port}?fingerprint=sha256:{cert.fingerprint}")
        async with Recorder(await address.open(), lambda way, data: seen.append((way, data))) as stream:
            text = b"GET /api/v1 HTTP/1.1\r\n\r\n" + bytes(100_000)
            assert stream.send_nowait(b"") == b""
            received = b""
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stream.send, text)
                while len(received) < len(text):
                    received += await stream.receive()
            assert received == text
            assert stream.receive_nowait() == b""
    assert b"".join(data for way, data in seen if way == ">") == text
    assert b"".join(data for way, data in seen if way == "<") == text


async def test_another_certificate_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    cert, heard = certificate(tmp_path), []
    with server(cert, lambda link: heard.append(link.recv(100))) as port:
        address = parse_address(f"https://127.0.0.1:{port}?fingerprint=sha256:{DIGITS}")
        with pytest.raises(WrongCertificate) as refused:
            await address.open()
    assert heard in ([], [b""])
    assert refused.value.code == "link.certificate"
    for part in (
        cert.fingerprint,
        DIGITS,
        f"openssl s_client -connect 127.0.0.1:{port}",
        "do not change the configuration",
    ):
        assert part in str(refused.value)


async def test_a_server_without_tls_is_named(tmp_path: Path) -> None:
    def hang_up(link: socket.socket) -> None:
        link.recv(10_000)

    with (
        server(None, lambda link: link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port,
        pytest.raises(Unreachable, match=rf"HTTP or HTTPS \(for HTTP write http://127.0.0.1:{port}\)"),
    ):
        await HttpsHost("127.0.0.1", port, DIGITS).open()
    with server(None, hang_up) as port, pytest.raises(Unreachable, match="handshake"):
        await HttpsHost("127.0.0.1", port, DIGITS).open()


async def test_a_handshake_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(web, "CONNECT_SECONDS", 0.05)

    def wait(_: socket.socket) -> None:
        done.wait()

    with server(None, wait) as port:
        with pytest.raises(Unreachable, match="does not finish the TLS handshake"):
            await HttpsHost("127.0.0.1", port, DIGITS).open()
        done.set()


async def test_the_end_of_the_connection_is_noticed_through_tls(tmp_path: Path) -> None:
    cert = certificate(tmp_path)

    def say(link: socket.socket) -> None:
        link.sendall(b"bye")
        if isinstance(link, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                link.unwrap()

    with server(cert, say) as port:
        async with await HttpsHost("127.0.0.1", port, cert.fingerprint).open() as stream:
            assert await stream.receive() == b"bye"
            with pytest.raises(StreamEnded):
                await stream.receive()
            with pytest.raises(LinkLost):
                stream.receive_nowait()


async def test_noise_in_the_encrypted_stream_is_a_lost_link(tmp_path: Path) -> None:
    cert = certificate(tmp_path)

    def disturb(link: socket.socket) -> None:
        assert isinstance(link, ssl.SSLSocket)
        link.recv(4)
        with socket.socket(fileno=socket.dup(link.fileno())) as raw:  # past the encryption
            raw.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with server(cert, disturb) as port:
        async with await HttpsHost("127.0.0.1", port, cert.fingerprint).open() as stream:
            await stream.send(b"GET ")
            with pytest.raises(LinkLost, match="TLS failed"):
                await stream.receive()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://192.168.1.51", HttpHost("192.168.1.51", 8888)), ("http://till.local:8890/", HttpHost("till.local", 8890)),
        ("http://[::1]", HttpHost("::1", 8888)),
        (f"https://192.168.1.51?fingerprint=sha256:{DIGITS}", HttpsHost("192.168.1.51", 8888, DIGITS)),
        (f"https://till:443?fingerprint=SHA256:{':'.join(['AB'] * 32)}", HttpsHost("till", 443, DIGITS)),
    ],
)  # fmt: skip
def test_web_addresses(text: str, address: HttpHost) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("http://", "http://HOST"), ("http://x:0", "1 to 65535"), ("http://x:99999", "1 to 65535"), ("http://x/api/v1", "http://HOST"),
        ("http://a@x", "http://HOST"), ("http://x?fingerprint=sha256:ab", "http has no options"),
        ("https://x:8888", "https needs the fingerprint.*openssl s_client -connect x:8888"),
        ("https://[::1]", r"openssl s_client -connect \[::1\]:8888"),
        ("https://x?fingerprint=sha256:abcd", "that is not the fingerprint"), ("https://x?fingerprint=", "that is not"),
        (f"https://x?fingerprint=sha1:{DIGITS}", "that is not"), (f"https://x?pin={DIGITS}", "unknown option pin"),
    ],
)  # fmt: skip
def test_impossible_web_addresses_say_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(AddressError, match=hint):
        parse_address(text)
