"""The daemon's sockets: the Unix socket, and the one of ``[listen]``; bound here, or passed by systemd."""

from __future__ import annotations

import logging
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fiscald import certificates
from fiscald.api.network import ListenError, bind_tcp, is_loopback, load_certificate, prepare, tls_context
from fiscald.api.server import bind, inherited
from fiscald.certificates import CertificateError, CertificateFacts
from fiscald.config import Config
from fiscald.config_listen import ListenConfig
from fiscald.model.jobs import Notice

log = logging.getLogger(__name__)


class Sockets(NamedTuple):
    """What the API listens on."""

    all: list[socket.socket]
    made: Path | None
    """The Unix socket that was made here, and is deleted at the end."""

    @property
    def said(self) -> str:
        """For people."""
        return ", ".join(_said(each) for each in self.all)

    def close(self) -> None:
        """Close them."""
        for listener in self.all:
            listener.close()
        if self.made is not None:
            self.made.unlink(missing_ok=True)


def open_sockets(config: Config) -> Sockets:
    """The sockets of the API. Raises ``SocketError``, ``ListenError``."""
    passed = inherited()
    local = [each for each in passed if each.family == socket.AF_UNIX]
    network = [each for each in passed if each.family in (socket.AF_INET, socket.AF_INET6)]
    made: list[socket.socket] = []
    try:
        if config.listen is None:
            for each in network:
                log.warning("systemd passed %s, but the configuration has no [listen]: it is not used", _said(each))
                each.close()
            network = []
        else:
            network = _network(config.listen, network)
            made += network
        if local and config.socket not in {Path(str(each.getsockname())) for each in local}:
            log.warning(
                "systemd passed another socket than %s, so fiscald does not use that path: see ListenStream=",
                config.socket,
            )
        return Sockets([*(local or [bind(config.socket)]), *network], None if local else config.socket)
    except BaseException:
        for each in made:
            each.close()
        raise


def _network(config: ListenConfig, passed: list[socket.socket]) -> list[socket.socket]:
    for each in passed:
        if config.certificate is None and not is_loopback(each.getsockname()[0].partition("%")[0]):
            raise ListenError(
                f"systemd passed {_said(each)}, which other computers reach: that needs TLS. Write certificate and key "
                "in [listen], or ListenStream= with 127.0.0.1"
            )
        prepare(each)
    return passed or [bind_tcp(config.host, config.port)]


def _said(listener: socket.socket) -> str:
    name = listener.getsockname()
    if isinstance(name, tuple):
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
    return str(name)


class Listening:
    """TLS of the listener, and the names under which it may be called."""

    def __init__(self, config: ListenConfig | None) -> None:
        """Raises ``ListenError`` if the certificate cannot be used."""
        self._config = config
        self._said = ""
        self.facts: CertificateFacts | None = None
        self.context: ssl.SSLContext | None = None
        if config is not None and config.certificate is not None and config.key is not None:
            self.context = tls_context(config.certificate, config.key)
            self._read(config.certificate)

    def _read(self, path: Path) -> None:
        try:
            self.facts = certificates.read(path)
        except (CertificateError, OSError) as error:
            raise ListenError(f"{path}: {error}") from None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names of this daemon."""
        configured = () if self._config is None else self._config.hosts
        return (*configured, *(() if self.facts is None else self.facts.names))

    @property
    def origins(self) -> tuple[str, ...]:
        """Sites whose pages may call."""
        return () if self._config is None else self._config.origins

    def reload(self) -> None:
        """Use the certificate that is in the files now, for new connections. An unusable one changes nothing."""
        config = self._config
        if config is None or self.context is None or config.certificate is None or config.key is None:
            return
        with suppress(OSError, CertificateError):
            if self.facts is not None and certificates.read(config.certificate) == self.facts:
                return
        try:
            # Tried first: a failure would leave half of it in the context that is in use.
            tls_context(config.certificate, config.key)
            load_certificate(self.context, config.certificate, config.key)
            self._read(config.certificate)
        except ListenError as error:
            log.error("the former certificate stays in use: %s", error)
        else:
            log.info("the listener uses the new certificate %s", self.facts.fingerprint if self.facts else "")

    def notices(self) -> tuple[Notice, ...]:
        """A warning about a certificate that ends soon, or has ended. Logs it once a day."""
        if self.facts is None or self._config is None:
            return ()
        days = self.facts.days_left(datetime.now(UTC))
        if days >= certificates.SOON_DAYS:
            return ()
        over = days < 0
        when = f"{self.facts.ends:%Y-%m-%d}"
        detail = (
            f"the certificate {self._config.certificate} {'has expired on' if over else 'expires on'} {when}; renew it "
            "(fiscalctl listen certificate --force makes a new one), then: systemctl reload fiscald"
        )
        if self._said != f"{datetime.now(UTC):%Y-%m-%d}":
            self._said = f"{datetime.now(UTC):%Y-%m-%d}"
            log.warning("%s", detail)
        polish = "stracił ważność" if over else f"traci ważność {when}"
        return (
            Notice(
                code="listen.certificate",
                detail=detail,
                detail_pl=f"Certyfikat programu fiscald {polish}. Zgłoś administratorowi.",
            ),
        )
