"""The server's configuration file: TOML, read once, refused with one sentence for every mistake."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, field_validator, model_validator

from fiscald.licence.server.connections import Proxies
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.limits import BY_NAME
from fiscald.licence.server.mail import BadAddress, recipient
from fiscald.licence.server.terms import Terms
from fiscald.model.strict import Strict, nearest

DEFAULT_PATH = Path("/etc/fiscald-vendor/vendor.toml")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _one_line(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise ValueError(f"{value!r}: write one line, without control characters and spaces around it")
    return value


Line = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_one_line)]


class ConfigError(Exception):
    """The configuration cannot be used; ``str`` lists what to change."""


def _address(value: str) -> str:
    try:
        return recipient(value)
    except BadAddress:
        raise ValueError(f"{value!r} is not an e-mail address") from None


class TlsConfig(Strict):
    """``[tls]``; without it the server speaks plain HTTP, for a reverse proxy on the same computer."""

    certificate: Path
    key: Path


class KeysConfig(Strict):
    """``[keys]``."""

    directory: Path = Path("/var/lib/fiscald-vendor/keys")
    sign_with: Text = Field(description="which key signs: the KID of KID.pem")
    mac: Annotated[int, Field(strict=True, ge=0, le=7)] = Field(default=1, description="which MAC key numbers get")


class SmtpConfig(Strict):
    """``[smtp]``."""

    host: Text
    port: Annotated[int, Field(strict=True, ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "plain"] = "starttls"
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = Field(default=None, description="CA file of a mail server with a private CA")
    sender: Text

    @field_validator("sender")
    @classmethod
    def _sendable(cls, value: str) -> str:
        return _address(value)

    @model_validator(mode="after")
    def _not_in_clear(self) -> SmtpConfig:
        if self.security == "plain" and self.host not in _LOOPBACK:
            raise ValueError(f"codes must not travel unencrypted over a network; with {self.host} use starttls or tls")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file belong together")
        return self

    def password(self) -> str | None:
        """Read again for every mail, so that it can be changed. Raises ``OSError``."""
        return None if self.password_file is None else self.password_file.read_text("utf-8").strip()


class VendorConfig(Strict):
    """``[vendor]``: what mails and pages say about the vendor."""

    name: Line = Field(default="fiscald", description="who signs the mails")
    product: Line = Field(default="fiscald", description="what is sold, as customers know it")
    support: str | None = Field(default=None, description="address for questions; default: smtp.sender")
    phone: Line | None = Field(default=None, description="telephone for questions")

    @field_validator("support")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        return None if value is None else _address(value)


class ReminderConfig(Strict):
    """``[reminders]``."""

    days: tuple[Annotated[int, Field(strict=True, ge=1, le=365)], ...] = Field(
        default=(30, 7), max_length=5, description="how many days before an end customers are reminded; []: never"
    )


class WebhookConfig(Strict):
    """``[webhook]``; without it the web shop gets no events."""

    url: Text = Field(description="where events are posted to: https, or http on this computer")
    secret_file: Path = Field(description="file with the secret that signs events, shared with the shop")
    ca_file: Path | None = Field(default=None, description="CA file of a shop with a private CA")

    @field_validator("url")
    @classmethod
    def _protected(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            host = parts.hostname
            _ = parts.port
        except ValueError:
            host = None
        if host is None or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError(f"{value!r} is not an address; write https://HOST/PATH")
        if parts.username is not None or parts.fragment:
            raise ValueError("write the address without user, password and #; events are signed")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
            raise ValueError("events must not travel unprotected over a network; write https://HOST/PATH")
        return value


class Config(Strict):
    """The whole file."""

    listen: Text = "127.0.0.1:8080"
    metrics: Text | None = Field(default=None, description="HOST:PORT of the metrics for Prometheus; none: no metrics")
    issuer: Text = Field(description="the vendor's name in everything signed, like urn:fiscald:vendor:NAME")
    product_url: Text | None = Field(default=None, description="the product's web page; shown, never opened")
    database: Path = Path("/var/lib/fiscald-vendor/vendor.db")
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"
    trusted_proxies: tuple[Text, ...] = Field(
        default=(), description="addresses of reverse proxies whose X-Forwarded-For is trusted"
    )
    tls: TlsConfig | None = None
    keys: KeysConfig
    smtp: SmtpConfig
    webhook: WebhookConfig | None = None
    vendor: VendorConfig = VendorConfig()
    terms: Terms = Terms()
    reminders: ReminderConfig = ReminderConfig()
    limits: dict[str, Annotated[int, Field(strict=True, ge=1, le=1_000_000)]] = Field(
        default={}, description="other limits than docs/vendor.md lists, by their names"
    )

    @field_validator("limits")
    @classmethod
    def _known_limits(cls, value: dict[str, int]) -> dict[str, int]:
        for name in value:
            if name not in BY_NAME:
                raise ValueError(f"there is no limit {name}; known here: {', '.join(BY_NAME)}")
        return value

    @field_validator("listen", "metrics")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"{value!r}: write HOST:PORT, for example 127.0.0.1:8080")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            Proxies(value)
        except ValueError as error:
            raise ValueError(f"{error}; write addresses or networks, for example 127.0.0.1 or 10.0.0.0/8") from None
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen."""
        return host_and_port(self.listen)

    @property
    def contact(self) -> Contact:
        """The vendor as customers see it."""
        vendor = self.vendor
        return Contact(self.smtp.sender, vendor.name, vendor.product, vendor.support, vendor.phone)


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of HOST:PORT, which was checked."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def load(path: Path) -> Config:
    """Read a configuration file. Raises ``ConfigError``. Relative paths are relative to the file."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; write one, or name another with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors(include_url=False, include_input=False)]
        raise ConfigError("\n".join(f"{path}: {line}" for line in problems)) from None
    return _absolute(config, path.absolute().parent)


def _absolute(config: Config, folder: Path) -> Config:
    def with_absolute_paths(section: Any) -> Any:
        changes = {name: folder / value for name, value in section if isinstance(value, Path)}
        return section.model_copy(update=changes)

    config = with_absolute_paths(config)
    sections = {name: with_absolute_paths(value) for name, value in config if isinstance(value, Strict)}
    return config.model_copy(update=sections)


_SECTIONS: dict[str, type[Strict]] = {
    "tls": TlsConfig, "keys": KeysConfig, "smtp": SmtpConfig, "vendor": VendorConfig, "webhook": WebhookConfig,
    "terms": Terms, "reminders": ReminderConfig,
}  # fmt: skip


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        known = list((_SECTIONS[parents[0]] if parents else Config).model_fields)
        guess = nearest(str(key), known)
        return f"unknown key {where}; " + (f"did you mean {guess}?" if guess else f"known here: {', '.join(known)}")
    if error["type"] == "missing":
        return f"{where} is missing"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"
