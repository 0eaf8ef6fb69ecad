"""The configuration file: TOML, read once, refused whole with a sentence for every mistake."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from fiscald.api.rights import Right
from fiscald.licence.company import Company, company
from fiscald.model.strict import Strict, nearest
from fiscald.protocols import FAMILIES, family
from fiscald.transport import Address, AddressError, parse_address

DEFAULT_PATH = Path("/etc/fiscald/fiscald.toml")
DEFAULT_SOCKET = Path("/run/fiscald/fiscald.sock")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)


class ConfigError(Exception):
    """The configuration cannot be used; ``str`` lists what to change."""


class LicenceConfig(Strict):
    """``[licence]``."""

    test_keys: bool = Field(
        default=False, strict=True, description="accept the published test key; then only emulated printers may be used"
    )

    server: Annotated[str, Field(pattern=r"^https://[^\s]+$")] | None = Field(
        default=None, description="the vendor's licence server, https://...; without it licences are exchanged by file"
    )
    ca_file: Path | None = Field(default=None, description="trusted instead of the system's certificate authorities")
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
        """The company, tidied."""
        return company(self.name, self.postcode, self.country, self.nip)


class PrinterConfig(Strict):
    """``[printers.NAME]``."""

    family: str
    address: str
    code_page: str | None = None
    profile: str | None = Field(default=None, description="which dialect of the family; found out if absent")
    shared: bool = Field(
        default=False, strict=True,
        description="another program prints on it too: receipts that the journal does not know are no surprise",
    )  # fmt: skip
    record: bool = Field(default=False, strict=True, description="keep every byte in state_dir/recordings")
    flight_recorder_kib: Annotated[int, Field(strict=True, ge=16, le=65_536)] = Field(
        default=1024, description="how much of the latest conversation is kept in memory, for fiscalctl capture"
    )

    @field_validator("family")
    @classmethod
    def _known_family(cls, value: str) -> str:
        if value not in FAMILIES:
            raise ValueError(f"there is no family {value!r}; known: {', '.join(FAMILIES)}")
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
        known = family(self.family)
        for name, value, choices in (
            ("code_page", self.code_page, known.code_pages),
            ("profile", self.profile, known.profiles),
        ):
            if value is not None and value not in choices:
                raise ValueError(f"{name} of a {self.family} printer is one of {', '.join(choices)}, not {value!r}")
        return self

    @property
    def parsed_address(self) -> Address:
        """The address, ready to be opened."""
        return parse_address(self.address)


#: Who is given a right: a user or a group, by name or number.
Holder = Annotated[str, Field(pattern=r"^(user|group):[^\s:]+$", examples=["user:anna", "group:fiscald"])]
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
        """As a table; ``None`` for what is not named."""
        return {right: getattr(self, right) for right in Right}


class Config(Strict):
    """The whole file."""

    socket: Path = DEFAULT_SOCKET
    state_dir: Path = Path("/var/lib/fiscald")
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"
    keep_days: Annotated[int, Field(strict=True, ge=30, le=36_500)] = Field(
        default=400, description="how long the answers to final jobs are kept; undecided ones stay"
    )
    recordings_mib: Annotated[int, Field(strict=True, ge=16, le=1_048_576)] = Field(
        default=1024, description="how much the recordings of all printers together take at most; the oldest go first"
    )
    recordings_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] = Field(
        default=30, description="how long recordings are kept"
    )
    licence: LicenceConfig = LicenceConfig()
    company: CompanyConfig | None = None
    rights: RightsConfig = RightsConfig()
    printers: dict[str, PrinterConfig] = Field(default_factory=dict)

    @field_validator("printers")
    @classmethod
    def _good_names(cls, value: dict[str, PrinterConfig]) -> dict[str, PrinterConfig]:
        for name in value:
            if _NAME.fullmatch(name) is None:
                raise ValueError(f"{name!r} is no name for a printer: letters, digits, _ and -, at most 32")
        addresses: dict[str, str] = {}
        for name, printer in value.items():
            other = addresses.setdefault(str(printer.parsed_address), name)
            if other != name:
                raise ValueError(f"{other} and {name} have the same address {printer.address}")
        return value


def load(path: Path) -> Config:
    """Read a configuration file. Raises ``ConfigError``. Relative paths are relative to the file."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; write one, or name another with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    return parse(content, path)


def parse(content: dict[str, Any], path: Path) -> Config:
    """The configuration in ``content``, read from ``path``. Raises ``ConfigError``."""
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors(include_url=False)]
        raise ConfigError("\n".join(f"{path}: {line}" for line in problems)) from None
    folder = path.absolute().parent
    licence = config.licence
    if licence.ca_file is not None:
        licence = licence.model_copy(update={"ca_file": folder / licence.ca_file})
    return config.model_copy(
        update={"socket": folder / config.socket, "state_dir": folder / config.state_dir, "licence": licence}
    )


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        guess = nearest(str(key), _keys_at(parents))
        hint = f"did you mean {guess}?" if guess else f"known here: {', '.join(_keys_at(parents))}"
        return f"unknown key {where}; {hint}"
    if error["type"] == "missing":
        return f"{where} is missing"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _keys_at(parents: list[int | str]) -> list[str]:
    model: type[Strict] = Config
    sections: dict[int | str, type[Strict]] = {
        "licence": LicenceConfig, "company": CompanyConfig, "rights": RightsConfig, "printers": PrinterConfig
    }  # fmt: skip
    if parents:
        model = sections[parents[0]]
    return list(model.model_fields)
