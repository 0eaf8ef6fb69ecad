"""``[fleet]`` of the configuration file: the shop's place in a fleet."""

from __future__ import annotations

import re
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fiscald.config_text import FilePath, meant
from fiscald.model.documents import DOCUMENTS
from fiscald.model.fleet import SealingKeyText, SigningKeyText
from fiscald.model.money import PositiveMoney
from fiscald.model.strict import Strict

_EXAMPLE = '"mqtts://broker.example.pl:8883"'
_PORTS = {"mqtts": 8883, "mqtt": 1883}
#: Keys that count at the same time: the old one and the new one of a rotation.
MOST_KEYS = 2
_LONGEST_USER = 200


def _is_broker(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(f'"{value}" is no address of a broker; write one like {_EXAMPLE}') from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f'"{value}" is no address of a broker; write one like {_EXAMPLE}')
    if "@" in parts.netloc:
        raise ValueError("a user name or password does not belong into the address: write user and password_file")
    return value


def _is_shop(value: str) -> str:
    return _is_name(value, 64)


def _is_central(value: str) -> str:
    return _is_name(value, 32)


def _is_name(value: str, most: int) -> str:
    if re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{most - 1}}}", value, re.ASCII) is None:
        raise ValueError(f'"{value}" is no name: letters, digits, _ and -, at most {most}')
    return value


def _is_user(value: str) -> str:
    if not 1 <= len(value) <= _LONGEST_USER:
        raise ValueError(f"a user has 1 to {_LONGEST_USER} characters")
    return value


def _is_document(value: str) -> str:
    if value not in DOCUMENTS:
        raise ValueError(f'"{value}" is none of {", ".join(DOCUMENTS)}{meant(value, list(DOCUMENTS))}')
    return value


def _is_some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("an empty list would allow nothing; leave the line out for the default")
    return value


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Keys = Annotated[tuple[SigningKeyText, ...], BeforeValidator(_as_list), Field(min_length=1, max_length=MOST_KEYS)]


class FleetConfig(Strict):
    """``[fleet]``: a central system orders documents over an MQTT broker. Absent: none does."""

    broker: Annotated[str, AfterValidator(_is_broker)] = Field(description="mqtts://HOST[:8883]")
    shop: Annotated[str, AfterValidator(_is_shop)] = Field(
        description="the shop's name in the fleet: letters, digits, _ and -, at most 64"
    )
    central: Annotated[str, AfterValidator(_is_central)] = Field(
        default="central", description="the name of the central whose orders count"
    )
    orders_key: Keys = Field(
        description="the central's public key, ed25519:...; a list of two while a new one replaces it"
    )
    encryption_key: SealingKeyText | None = Field(
        default=None, description="the central's, x25519:...: then outcomes and status are encrypted for it"
    )
    ca_file: FilePath | None = Field(
        default=None, description="trusted instead of the system's certificate authorities"
    )
    certificate: FilePath | None = Field(default=None, description="the shop's client certificate for the broker, PEM")
    key: FilePath | None = Field(default=None, description="the certificate's key, PEM without a password")
    user: Annotated[str, AfterValidator(_is_user)] | None = Field(
        default=None, description="the shop's user at the broker"
    )
    password_file: FilePath | None = Field(default=None, description="file with its password, mode 0600")
    insecure: bool = Field(
        default=False, strict=True, description="allow mqtt:// beyond this computer: the broker's line is not encrypted"
    )
    printers: Annotated[tuple[str, ...], AfterValidator(_is_some)] | None = Field(
        default=None, description="the printers that the central may use; all if absent"
    )
    documents: Annotated[tuple[Annotated[str, AfterValidator(_is_document)], ...], AfterValidator(_is_some)] = Field(
        default=("receipt", "invoice", "printout"), description="the types of documents that it may print"
    )
    orders_per_day: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = Field(
        default=None, description="orders that are carried out per day, at most"
    )
    total_per_day: PositiveMoney | None = Field(
        default=None, description="the total of the ordered receipts and invoices per day, at most"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> FleetConfig:
        if (self.certificate is None) != (self.key is None):
            missing = "key" if self.key is None else "certificate"
            raise ValueError(f"{missing} is missing: certificate and key belong together")
        if self.password_file is not None and self.user is None:
            raise ValueError("user is missing: password_file is its password")
        if not self.tls and not self.insecure and not _is_here(self.host):
            raise ValueError(
                f'"{self.broker}" is not encrypted, and only for this computer; write "mqtts://{self.host}:8883"'
            )
        if not self.tls and (self.certificate is not None or self.ca_file is not None):
            raise ValueError("ca_file and certificate are for mqtts://")
        if find_spec("aiomqtt") is None:
            raise ValueError("[fleet] needs another package: pip install 'fiscald[fleet]'")
        return self

    @property
    def tls(self) -> bool:
        """Whether the line to the broker is encrypted."""
        return urlsplit(self.broker).scheme == "mqtts"

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.broker).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port."""
        parts = urlsplit(self.broker)
        return parts.port or _PORTS[parts.scheme]

    def beside(self, folder: Path) -> FleetConfig:
        """The same, with paths relative to ``folder``."""
        paths = {name: getattr(self, name) for name in ("ca_file", "certificate", "key", "password_file")}
        return self.model_copy(update={name: folder / path for name, path in paths.items() if path is not None})


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_fleet(fleet: FleetConfig | None, printers: list[str]) -> None:
    """Raises ``ValueError`` for a printer that is not configured."""
    for printer in (fleet.printers or ()) if fleet is not None else ():
        if printer not in printers:
            raise ValueError(
                f'fleet.printers: there is no printer "{printer}"; configured: '
                f"{', '.join(printers) or 'none'}{meant(printer, printers)}"
            )
