"""Checks the daemon's listener on the network: its files, its certificate, and what browsers would be told."""

from __future__ import annotations

import http.client
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fiscald import certificates
from fiscald.certificates import CertificateError, CertificateFacts
from fiscald.diagnostics.findings import Finding, finding

#: Seconds for the daemon's answer.
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Listen:
    """``[listen]`` of a configuration."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    origins: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """For people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.certificate is None else 'https'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """The listener, as far as the caller can see it."""

    listen: Listen
    certificate: CertificateFacts | None = None
    unusable: tuple[tuple[str, Path, str], ...] = ()
    """Key of the configuration, file, and why it cannot be used."""
    key_mode: int = 0o600
    down: str | None = None
    """Why it does not answer, although the daemon runs; ``None``: it answers, or was not asked."""
    closed_to: tuple[tuple[str, str], ...] = ()
    """Configured sites to whose pages it does not answer, and why."""


def examine(listen: Listen, *, ask: bool) -> NetworkFacts:
    """The facts. ``ask``: the daemon runs, so its listener should answer."""
    found, unusable, mode = None, [], 0o600
    if listen.certificate is not None and listen.key is not None:
        for name, path in (("certificate", listen.certificate), ("key", listen.key)):
            try:
                found_mode = stat.S_IMODE(path.stat().st_mode)
                if name == "key":
                    mode = found_mode
                else:
                    found = certificates.read(path)
            except PermissionError:
                pass  # whether the daemon's user can read it is another check
            except (OSError, CertificateError) as error:
                unusable.append((name, path, getattr(error, "strerror", None) or str(error)))
        if found is not None and not unusable and (why := _do_not_fit(listen.certificate, listen.key)):
            unusable.append(("key", listen.key, why))
    down, closed_to = _ask(listen) if ask and not unusable else (None, ())
    return NetworkFacts(listen, found, tuple(unusable), mode, down, closed_to)


def _do_not_fit(certificate: Path, key: Path) -> str | None:
    def refuse() -> str:
        raise ValueError("it has a password")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=refuse)
    except PermissionError:
        return None
    except (OSError, ValueError) as error:
        return getattr(error, "reason", None) or str(error)
    return None


def _ask(listen: Listen) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Ask as a browser does before a page may call. Sends no token."""
    closed = []
    for origin in (None, *listen.origins):
        link = _connection(listen)
        head = {"Host": "localhost"}
        if origin is not None:
            head |= {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            head |= {"Access-Control-Request-Headers": "authorization,content-type"}
        try:
            link.request("GET" if origin is None else "OPTIONS", "/v1", headers=head)
            answer = link.getresponse()
            answer.read(10_000)
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__, ()
        finally:
            link.close()
        if origin is None and answer.status != 401:
            return f"another program answers there ({answer.status})", ()
        if origin is not None and answer.getheader("Access-Control-Allow-Origin") != origin:
            closed.append((origin, f"the answer to a preflight is {answer.status}"))
    return None, tuple(closed)


def _connection(listen: Listen) -> http.client.HTTPConnection:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)
    if listen.certificate is None:
        return http.client.HTTPConnection(host, listen.port, timeout=SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Whom clients trust is theirs to say; the certificate itself is checked in its file.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, listen.port, timeout=SECONDS, context=context)


def network_findings(facts: NetworkFacts, config: Path, user: str) -> Iterator[Finding]:
    """What is wrong with the listener."""
    listen = facts.listen
    for name, path, reason in facts.unusable:
        yield finding("listen_file", name=name, file=path, reason=reason)
    if facts.key_mode & 0o007 and listen.key is not None:
        yield finding("listen_key", file=listen.key, mode=f"{facts.key_mode:04o}", user=user)
    if facts.down is not None:
        yield finding("listen_down", url=listen.url, reason=facts.down)
    if facts.certificate is not None:
        yield from _certificate(facts.certificate, listen, datetime.now(UTC))
    for origin, reason in facts.closed_to:
        yield finding("origin_closed", origin=origin, reason=reason, path=config)


def _certificate(found: CertificateFacts, listen: Listen, now: datetime) -> Iterator[Finding]:
    days = found.days_left(now)
    if days < 0 or found.begins > now:
        yield finding(
            "certificate_over", file=listen.certificate, begin=f"{found.begins:%Y-%m-%d}", end=f"{found.ends:%Y-%m-%d}"
        )
    elif days < certificates.SOON_DAYS:
        yield finding("certificate_ends", file=listen.certificate, days=days)
    any_address = listen.host in ("0.0.0.0", "::")
    if not any_address and not found.names and listen.host not in found.addresses:
        yield finding("certificate_names", file=listen.certificate, host=listen.host)
