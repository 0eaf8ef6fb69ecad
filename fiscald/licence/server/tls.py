"""The server's TLS certificate: loaded at the start and again on demand, for new connections only."""

from __future__ import annotations

import datetime
import logging
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

log = logging.getLogger(__name__)


class Tls(NamedTuple):
    """Files with the server's certificate chain and its key."""

    certificate: Path
    key: Path


class TlsError(Exception):
    """The files cannot be used; ``str`` says why."""


class ServerCertificate:
    """The certificate in use. A connection keeps the context that it began with."""

    def __init__(self, files: Tls) -> None:
        """Raises ``TlsError``."""
        self.files = files
        self._loaded = _state(files)
        self.context, self.ends = _load(files)

    def reload(self, *, only_if_changed: bool = False) -> bool:
        """Load the files again; returns whether that worked. Files that cannot be used leave the former ones in use."""
        state = _state(self.files)
        if only_if_changed and state == self._loaded:
            return True
        try:
            self.context, self.ends = _load(self.files)
        except TlsError as error:
            log.error("the TLS certificate was not loaded again, the former one stays in use: %s", error)
            return False
        self._loaded = state
        log.info("the TLS certificate was loaded again; it ends %s", self.ends.date())
        return True


def _load(files: Tls) -> tuple[ssl.SSLContext, datetime.datetime]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    for path in files:
        try:
            path.open("rb").close()
        except OSError as error:
            raise TlsError(f"{path}: {error.strerror}") from None
    try:
        # A password would be asked for on a terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
        first = x509.load_pem_x509_certificates(files.certificate.read_bytes())[0]
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "reason", None) or error
        raise TlsError(f"{files.certificate} and {files.key} are not a certificate and its key: {reason}") from None
    return context, first.not_valid_after_utc


def _state(files: Tls) -> tuple[tuple[int, int, int] | None, ...]:
    """What changes when a file is replaced or rewritten."""
    return tuple(map(_state_of, files))


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
