"""What the doctor asks others: the running server, its certificate, the mail server."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fiscald.licence.server.config import Config
from fiscald.licence.server.doctor_findings import Finding, finding
from fiscald.licence.server.smtp import Smtp
from fiscald.licence.server.tls import ServerCertificate, Tls, TlsError
from fiscald.licence.server.transaction import DAY

#: Seconds for one answer.
TIMEOUT = 5.0
TLS_DAYS = 14


def server_findings(config: Config, now: int) -> Iterator[Finding]:
    """The certificate's files, whether the server answers, and with which certificate."""
    certificate: ServerCertificate | None = None
    if config.tls is not None:
        try:
            certificate = ServerCertificate(Tls(config.tls.certificate, config.tls.key))
        except TlsError as error:
            yield finding("tls", reason=error)
        else:
            yield from _age_findings(certificate, now)
    try:
        status, shown = _ask(config)
    except (OSError, http.client.HTTPException) as error:
        yield finding("server_down", listen=config.listen, reason=error)
        return
    if status != 204:
        yield finding("server_unable", status=status)
    if certificate is not None and shown != _der(certificate.files.certificate):
        yield finding("tls_not_loaded", path=certificate.files.certificate)


def _age_findings(certificate: ServerCertificate, now: int) -> Iterator[Finding]:
    left = certificate.ends.timestamp() - now
    if left <= 0:
        yield finding("tls_ended", days=int(-left // DAY))
    elif left < TLS_DAYS * DAY:
        yield finding("tls_ends", days=int(left // DAY))


def _ask(config: Config) -> tuple[int, bytes | None]:
    """The status of ``/healthz``, and the certificate that was shown. Raises ``OSError`` and ``HTTPException``."""
    host, port = config.address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with socket.create_connection((host, port), TIMEOUT) as plain:
        shown = None
        link: socket.socket = plain
        if config.tls is not None:
            # Not who it is, but which certificate it shows, is the question.
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            secure = context.wrap_socket(plain, server_hostname=host)
            shown, link = secure.getpeercert(binary_form=True), secure
        with link:
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = http.client.HTTPResponse(link, method="GET")
            answer.begin()
            answer.close()
            return answer.status, shown


def _der(path: Path) -> bytes:
    return x509.load_pem_x509_certificates(path.read_bytes())[0].public_bytes(Encoding.DER)


async def mail_findings(config: Config) -> list[Finding]:
    """Whether the mail server takes mail: its name, TLS and login. No mail is sent."""
    smtp = config.smtp
    try:
        await Smtp(smtp).check(TIMEOUT)
    except (OSError, UnicodeDecodeError) as error:
        return [finding("mail", host=smtp.host, port=smtp.port, reason=error)]
    return []
