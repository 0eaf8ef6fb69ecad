"""The central's configuration file: TOML, read once, refused with one sentence for every mistake."""

from __future__ import annotations

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from fiscald.fleet.central.database import sqlite_url
from fiscald.fleet.mqtt import Broker
from fiscald.model.fleet import CentralName
from fiscald.model.strict import Strict, nearest

S = TypeVar("S", bound=Strict)

DEFAULT_PATH = Path("/etc/fiscald-fleet/fleet.toml")
_PORTS = {"mqtts": 8883, "mqtt": 1883}
#: Webhooks of one central.
_MOST_WEBHOOKS = 8


class SettingsError(Exception):
    """The configuration cannot be used; ``str`` lists what to change."""


def _is_broker(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
        raise ValueError(f'"{value}" is no address of a broker; write one like "mqtts://broker.example.pl:8883"')
    return value


def _is_listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f'"{value}": write HOST:PORT, for example 127.0.0.1:8090')
    return value


def _is_hook(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or "@" in parts.netloc or not value.isascii() or parts.scheme not in ("https", "http"):
        raise ValueError("write https://HOST/PATH, without user and password: messages are signed")
    if parts.scheme == "http" and not is_here(host):
        raise ValueError(f"messages must not travel in clear over a network; write https://{host}/...")
    return value


HookName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


class WebhookSection(Strict):
    """``[webhooks.NAME]``: a receiver of final and undecided outcomes."""

    url: Annotated[str, Field(max_length=2000), AfterValidator(_is_hook)] = Field(description="where messages go")
    secret_file: Path = Field(description="file with the secret, mode 0600; fiscald-fleet webhook secret makes it")
    ca_file: Path | None = Field(default=None, description="trusted instead of the system's certificate authorities")


class BrokerSection(Strict):
    """``[broker]``: the MQTT 5 broker, and how the central proves itself to it."""

    url: Annotated[str, AfterValidator(_is_broker)] = Field(description="mqtts://HOST[:8883]")
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    insecure: bool = Field(default=False, strict=True, description="allow mqtt:// beyond this computer")

    @model_validator(mode="after")
    def _is_whole(self) -> BrokerSection:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        if self.password_file is not None and self.user is None:
            raise ValueError("user is missing: password_file is its password")
        parts = urlsplit(self.url)
        if parts.scheme == "mqtt" and not self.insecure and not is_here(parts.hostname or ""):
            raise ValueError(f'"{self.url}" is not encrypted, and only for this computer; write "mqtts://..."')
        return self

    def broker(self, client_id: str) -> Broker:
        """What the courier needs. Every dispatcher has another client id."""
        parts = urlsplit(self.url)
        files = {name: getattr(self, name) for name in ("ca_file", "certificate", "key", "user", "password_file")}
        return Broker(
            parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "mqtts", client_id, **files,
            who="the central", where="[broker]",
        )  # fmt: skip


class TlsSection(Strict):
    """``[tls]``; without it the HTTP face is for this computer only."""

    certificate: Path
    key: Path


class Settings(Strict):
    """The whole file."""

    central: CentralName = Field(default="central", description="the central's name: shops know it as fleet.central")
    state_dir: Path = Path("/var/lib/fiscald-fleet")
    database: str | None = Field(default=None, description="postgresql://...; default: fleet.db in state_dir")
    encrypt: bool = Field(default=True, strict=True, description="orders are encrypted for the shop")
    listen: Annotated[str, AfterValidator(_is_listen)] = "127.0.0.1:8090"
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"
    broker: BrokerSection | None = None
    tls: TlsSection | None = None
    webhooks: dict[HookName, WebhookSection] = Field(default={}, max_length=_MOST_WEBHOOKS)

    @model_validator(mode="after")
    def _is_safe(self) -> Settings:
        if self.tls is None and not is_here(self.address[0]):
            raise ValueError(f"listen: beyond this computer only with [tls]; write 127.0.0.1, not {self.address[0]}")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Where the HTTP face listens."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def database_url(self) -> str:
        """The address of the database."""
        return self.database or sqlite_url(self.state_dir / "fleet.db")

    @property
    def key_directory(self) -> Path:
        """The directory of the central's keys."""
        return self.state_dir / "keys"


def is_here(host: str) -> bool:
    """Whether ``host`` is this computer."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(path: Path) -> Settings:
    """Read a configuration file; relative paths are relative to it. Raises ``SettingsError``."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; write one, or name another with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None
    try:
        found = Settings.model_validate(content)
    except ValidationError as error:
        lines = [_sentence(each) for each in error.errors(include_url=False, include_input=False)]
        raise SettingsError("\n".join(f"{path}: {line}" for line in lines)) from None
    return _absolute(found, path.absolute().parent)


def _absolute(found: S, folder: Path) -> S:
    """The same with absolute paths, in all sections."""
    changes: dict[str, Any] = {}
    for name, value in found:
        if isinstance(value, Path):
            changes[name] = folder / value
        elif isinstance(value, Strict):
            changes[name] = _absolute(value, folder)
        elif isinstance(value, dict):
            changes[name] = {key: _absolute(each, folder) for key, each in value.items()}
    return found.model_copy(update=changes)


_SECTIONS: dict[str, type[Strict]] = {"broker": BrokerSection, "tls": TlsSection, "webhooks": WebhookSection}


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        known = list((_SECTIONS[parents[0]] if parents else Settings).model_fields)
        guess = nearest(str(key), known)
        return f"unknown key {where}; " + (f"did you mean {guess}?" if guess else f"known here: {', '.join(known)}")
    if error["type"] == "missing":
        return f"{where} is missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
