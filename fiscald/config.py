"""The configuration file: TOML, read once. A file with mistakes is refused, with a sentence for every mistake."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails

from fiscald.config_fleet import FleetConfig, check_fleet
from fiscald.config_gateway import GatewayConfig
from fiscald.config_listen import ListenConfig
from fiscald.config_text import ConfigDenied, ConfigError, FilePath, is_path, meant, read, sentence
from fiscald.config_webhooks import MOST_WEBHOOKS, WebhookConfig, check_webhooks
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.places import same_device
from fiscald.licence.company import Company, company
from fiscald.model.rights import Right
from fiscald.model.strict import Strict
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import FamilyOptions
from fiscald.transport import Address, AddressError, HttpHost, SerialLine, UsbDevice, parse_address

__all__ = ["Config", "ConfigDenied", "ConfigError", "load", "parse"]

DEFAULT_SOCKET = Path("/run/fiscald/fiscald.sock")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
#: The longest path of a Unix socket, in bytes: the kernel's limit without the end mark.
_LONGEST_SOCKET = 107
_HOST_AND_PORT = re.compile(r"\[?[\w.:-]*\]?:\d+/?")
_LEVELS = ["debug", "info", "warning", "error"]


def _is_socket_path(value: object) -> object:
    """A path that a Unix socket can have."""
    if isinstance(value, str):
        scheme, mark, _ = value.partition(":/")
        if (mark and scheme.lower() not in ("unix", "file")) or _HOST_AND_PORT.fullmatch(value):
            raise ValueError(
                f'"{value}": socket is the path of a Unix socket, like "{DEFAULT_SOCKET}". A network address belongs '
                "to the section [listen]"
            )
        if value.startswith("@"):
            raise ValueError(
                f'"{value}": sockets without a file are not supported; write a path like "{DEFAULT_SOCKET}"'
            )
        if value.endswith("/"):
            raise ValueError(
                f'"{value}" is a directory; write the path of the socket in it, like "{value}fiscald.sock"'
            )
    return is_path(value)


def _is_level(value: str) -> str:
    if value not in _LEVELS:
        raise ValueError(f'"{value}" is none of {", ".join(_LEVELS)}{meant(value, _LEVELS)}')
    return value


def _is_https(value: str) -> str:
    if re.fullmatch(r"https://[^\s/]+\S*", value) is None:
        raise ValueError(
            f'"{value}" is no https:// address; write it as the vendor gave it, like "https://licence.example"'
        )
    return value


def _is_holder(value: str) -> str:
    kind, mark, name = value.partition(":")
    if kind in ("user", "group") and re.fullmatch(r"[^\s:]+", name):
        return value
    name = (name if mark else value).strip() or "NAME"
    raise ValueError(f'"{value}": write "user:{name}" or "group:{name}"')


class LicenceConfig(Strict):
    """``[licence]``."""

    test_keys: bool = Field(
        default=False, strict=True, description="accept the published test key; then only emulated printers may be used"
    )

    server: Annotated[str, AfterValidator(_is_https)] | None = Field(
        default=None, description="the vendor's licence server, https://...; without it licences are exchanged by file"
    )
    ca_file: FilePath | None = Field(
        default=None, description="trusted instead of the system's certificate authorities"
    )
    check: Literal["daily", "never"] = Field(default="daily", description="whether the vendor is asked every day")


class CompanyConfig(Strict):
    """``[company]``: the shop's owner. A licence of another company is refused."""

    name: str
    postcode: str
    country: str = "PL"
    nip: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> CompanyConfig:
        _ = self.company
        return self

    @property
    def company(self) -> Company:
        """The company in its normal form."""
        return company(self.name, self.postcode, self.country, self.nip)


def _details(error: ValidationError) -> list[InitErrorDetails]:
    """The mistakes of one validation, to report together with those of another one."""
    return [
        InitErrorDetails(type=each["type"], loc=each["loc"], input=each["input"], ctx=each.get("ctx", {}))
        for each in error.errors(include_url=False)
    ]


class PrinterConfig(Strict):
    """``[printers.NAME]``."""

    family: str
    address: str
    options: SerializeAsAny[FamilyOptions] = Field(
        default=FamilyOptions(), description="what else the section says: the options of the printer's family"
    )
    shared: bool = Field(
        default=False, strict=True,
        description="another program prints on it too: receipts that the journal does not know are normal",
    )  # fmt: skip
    record: bool = Field(default=False, strict=True, description="keep every byte in state_dir/recordings")
    flight_recorder_kib: Annotated[int, Field(strict=True, ge=16, le=65_536)] = Field(
        default=1024, description="how much of the latest conversation is kept in memory, for fiscalctl capture"
    )
    gateway: GatewayConfig | None = Field(default=None, description="programs that speak a printer's protocol")

    @model_validator(mode="wrap")
    @classmethod
    def _with_options(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Keys that not every printer has belong to its family. Reports all mistakes of both parts."""
        if not isinstance(value, dict):
            return handler(value)
        if value.get("family") not in FAMILIES:
            # The mistake is the family, not the options.
            options = {name for each in FAMILIES for name in family(each).options.model_fields}
            return handler({name: each for name, each in value.items() if name not in options | {"options"}})
        own = cls.model_fields.keys() - {"options"}
        said = {name: each for name, each in value.items() if name not in own and each is not None}
        mistakes: list[InitErrorDetails] = []
        chosen = FamilyOptions()
        try:
            chosen = family(value["family"]).options.model_validate(said)
        except ValidationError as error:
            mistakes += _details(error)
        try:
            found = handler({name: value[name] for name in own if name in value} | {"options": chosen})
        except ValidationError as error:
            mistakes += _details(error)
        if mistakes:
            raise ValidationError.from_exception_data(cls.__name__, mistakes)
        return found

    @field_validator("family")
    @classmethod
    def _known_family(cls, value: str) -> str:
        if value not in FAMILIES:
            raise ValueError(
                f"there is no family {value!r}; known: {', '.join(FAMILIES)}{meant(value, list(FAMILIES))}"
            )
        return value

    @field_validator("address")
    @classmethod
    def _readable_address(cls, value: str) -> str:
        try:
            parse_address(value)
        except AddressError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _fits_family(self) -> PrinterConfig:
        chosen, address = family(self.family), self.parsed_address
        network = "http://HOST:PORT" if chosen.web else "tcp://HOST:PORT"
        if isinstance(address, SerialLine) and not chosen.speeds:
            raise ValueError(f"no {self.family} printer is on a serial line; write its network address: {network}")
        if isinstance(address, UsbDevice) and chosen.web:
            raise ValueError(f"a {self.family} printer is reached over the network; write its address: {network}")
        if isinstance(address, HttpHost) and not chosen.web:
            raise ValueError(
                f"a {self.family} printer is no web server; write {network}, or the family that speaks HTTP"
            )
        return self

    @property
    def said(self) -> str:
        """The options, for people: ``, code page cp1250``."""
        options = self.options.model_dump(exclude_none=True)
        return "".join(f", {name.replace('_', ' ')} {value}" for name, value in options.items())

    @property
    def parsed_address(self) -> Address:
        """The address, ready to be opened."""
        return parse_address(self.address)


#: Who is given a right: a user or a group, by name or number.
Holder = Annotated[str, AfterValidator(_is_holder), Field(examples=["user:anna", "group:fiscald"])]
Holders = tuple[Holder, ...] | None


class RightsConfig(Strict):
    """``[rights]``: who has which right; what is not named stays as it is by default."""

    print: Holders = Field(default=None, description="receipts, slips, printouts, the drawer")
    report: Holders = Field(default=None, description="fiscal reports")
    configure: Holders = Field(
        default=None, description="which physical printer stands behind a name; copies of the journal"
    )
    raw: Holders = Field(default=None, description="commands in the printer's own protocol")
    resolve: Holders = Field(default=None, description="deciding an undecided job; confirming the journal")
    licence: Holders = Field(default=None, description="registering, renewing and moving the licence")

    @property
    def given(self) -> dict[Right, tuple[str, ...] | None]:
        """The rights as a table; ``None`` for a right that the file does not name."""
        return {right: getattr(self, right) for right in Right}


class Config(Strict):
    """The whole file."""

    socket: Annotated[Path, BeforeValidator(_is_socket_path)] = DEFAULT_SOCKET
    state_dir: FilePath = Path("/var/lib/fiscald")
    log_level: Annotated[str, AfterValidator(_is_level)] = "info"
    keep_days: Annotated[int, Field(strict=True, ge=30, le=36_500)] = Field(
        default=400, description="how long the answers to final jobs are kept; undecided ones stay"
    )
    flight_recorders_mib: Annotated[int, Field(strict=True, ge=1, le=4096)] = Field(
        default=16, description="how much memory the flight recorders of all printers together take at most"
    )
    recordings_mib: Annotated[int, Field(strict=True, ge=16, le=1_048_576)] = Field(
        default=1024, description="how much the recordings of all printers together take at most; the oldest go first"
    )
    recordings_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] = Field(
        default=30, description="how long recordings are kept"
    )
    ksef_warnings: bool = Field(
        default=True, strict=True, description="warn about a receipt whose sale needs an invoice in KSeF from 2027 on"
    )
    licence: LicenceConfig = LicenceConfig()
    listen: ListenConfig | None = Field(default=None, description="the API on the network; absent: the socket only")
    company: CompanyConfig | None = None
    rights: RightsConfig = RightsConfig()
    printers: dict[str, PrinterConfig] = Field(default_factory=dict)
    webhooks: dict[str, WebhookConfig] = Field(default_factory=dict)
    fleet: FleetConfig | None = Field(default=None, description="orders of a central system; absent: none")

    @field_validator("printers")
    @classmethod
    def _good_names(cls, value: dict[str, PrinterConfig]) -> dict[str, PrinterConfig]:
        _are_names(value, "printer")
        _no_device_twice(value)
        return value

    @field_validator("webhooks")
    @classmethod
    def _good_webhooks(cls, value: dict[str, WebhookConfig]) -> dict[str, WebhookConfig]:
        _are_names(value, "webhook")
        if len(value) > MOST_WEBHOOKS:
            raise ValueError(f"{len(value)} webhooks; at most {MOST_WEBHOOKS}: let one receiver tell the others")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Config:
        _no_port_twice(self.printers, self.listen)
        check_webhooks(self.webhooks, list(self.printers))
        check_fleet(self.fleet, list(self.printers))
        return self


#: The model for each section of the file.
SECTIONS: dict[str, type[Strict]] = {
    "licence": LicenceConfig, "listen": ListenConfig, "company": CompanyConfig, "rights": RightsConfig,
    "printers": PrinterConfig, "webhooks": WebhookConfig,
    "fleet": FleetConfig,
}  # fmt: skip


def _are_names(found: dict[str, Any], kind: str) -> None:
    """Raises ``ValueError`` for a name that is no name for a section of that kind."""
    for name in found:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for a {kind}: letters, digits, _ and -, at most 32")


def _no_device_twice(printers: dict[str, PrinterConfig]) -> None:
    """Raises ``ValueError`` for two printers at one device, even if their addresses differ."""
    host = Host()
    names = list(printers)
    for place, name in enumerate(names):
        for other in names[:place]:
            one, two = printers[other], printers[name]
            if same_device(host, one.parsed_address, two.parsed_address):
                said = one.address if one.address == two.address else f"{one.address} and {two.address}"
                raise ValueError(f"{other} and {name} have the same address: {said} are one device; keep one of them")


def _no_port_twice(printers: dict[str, PrinterConfig], listen: ListenConfig | None) -> None:
    """Raises ``ValueError`` for two gateways at one port or path, and for one at the port of the API."""
    seen: list[tuple[str, GatewayConfig]] = []
    for name, printer in printers.items():
        gateway = printer.gateway
        if gateway is None:
            continue
        address = gateway.address
        for other, before in seen:
            if before.listen == gateway.listen or _meet(before.address, address):
                raise ValueError(f"the gateways of {other} and {name} listen at {gateway.listen}; give each its own")
        if listen is not None and _meet((listen.host, listen.port), address):
            raise ValueError(
                f"the gateway of {name} listens at {gateway.listen}, which is the port of [listen]; give it its own"
            )
        seen.append((name, gateway))


def _meet(one: tuple[str, int] | None, other: tuple[str, int] | None) -> bool:
    """Whether the second cannot listen beside the first: one port, and one address or all of them."""
    if one is None or other is None or one[1] != other[1]:
        return False
    everywhere = ("0.0.0.0", "::")
    return one[0] == other[0] or one[0] in everywhere or other[0] in everywhere


def _known_keys(content: dict[str, Any], parents: list[str]) -> list[str]:
    """The keys that a section of the file can have. ``content``: the whole file."""
    if not parents:
        return list(Config.model_fields)
    if parents[0] != "printers":
        return list(SECTIONS[parents[0]].model_fields)
    if parents[2:] == ["gateway"]:
        return list(GatewayConfig.model_fields)
    names = [name for name in PrinterConfig.model_fields if name != "options"]
    printer = content["printers"].get(parents[1])
    chosen = printer.get("family") if isinstance(printer, dict) else None
    return [*names, *(family(chosen).options.model_fields if chosen in FAMILIES else ())]


def load(path: Path) -> Config:
    """Read a configuration file. Raises ``ConfigError``. Relative paths are relative to the file."""
    return parse(read(path), path)


def parse(content: dict[str, Any], path: Path) -> Config:
    """The configuration in ``content``, read from ``path``. Raises ``ConfigError``."""
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        known = partial(_known_keys, content)
        sentences = [sentence(detail, Config, known) for detail in error.errors(include_url=False)]
        raise ConfigError("\n".join(f"{path}: {line}" for line in dict.fromkeys(sentences))) from None
    folder = path.absolute().parent
    licence = config.licence
    if licence.ca_file is not None:
        licence = licence.model_copy(update={"ca_file": folder / licence.ca_file})
    if len(os.fsencode(folder / config.socket)) > _LONGEST_SOCKET:
        raise ConfigError(
            f"{path}: socket: {folder / config.socket} is too long for a socket; {_LONGEST_SOCKET} bytes at most"
        )
    return config.model_copy(
        update={
            "socket": folder / config.socket,
            "state_dir": folder / config.state_dir,
            "licence": licence,
            "listen": None if config.listen is None else config.listen.beside(folder),
            "fleet": None if config.fleet is None else config.fleet.beside(folder),
            "webhooks": {name: each.at(folder) for name, each in config.webhooks.items()},
            "printers": {name: _beside(each, folder) for name, each in config.printers.items()},
        }
    )


def _beside(printer: PrinterConfig, folder: Path) -> PrinterConfig:
    if printer.gateway is None:
        return printer
    return printer.model_copy(update={"gateway": printer.gateway.beside(folder)})
