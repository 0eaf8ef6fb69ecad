"""``[printers.NAME.gateway]``: programs that speak a printer's protocol."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from fiscald.config_listen import split_address
from fiscald.config_text import meant
from fiscald.emulator import emulator_factory
from fiscald.gateway import FAMILIES, GatewaySettings
from fiscald.model.documents import DOCUMENTS
from fiscald.model.rights import Right
from fiscald.model.strict import Strict

_EXAMPLES = '"tcp://127.0.0.1:6001", "rfc2217://127.0.0.1:2217" or "pty:/run/fiscald/till1"'
#: What programs can print, as the API names it.
PRINTED = tuple(name for name, kind in DOCUMENTS.items() if kind.about.right in (Right.PRINT, Right.REPORT))
_NO_ALLOW = (
    'allow is missing: "{listen}" can be reached from other computers, and the protocol knows no password. Name the '
    'computers that may print, like allow = ["192.168.1.20", "192.168.1.0/24"], or listen at 127.0.0.1'
)
_NETWORK = ("tcp", "rfc2217")


def _is_listen(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind in _NETWORK and rest.startswith("//"):
        split_address(rest.removeprefix("//").removesuffix("/"))
    elif kind != "pty" or not rest or "\0" in rest:
        raise ValueError(f'"{value}": write {_EXAMPLES}')
    return value


def _is_family(value: str) -> str:
    if value not in FAMILIES:
        raise ValueError(
            f'"{value}": programs can speak {", ".join(FAMILIES)} to a gateway{meant(value, list(FAMILIES))}'
        )
    return value


def _is_network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError as error:
        wide = "has host bits set" in str(error)
        network = ip_network(value, strict=False) if wide else None
        said = f'; the network of this computer is "{network}"' if wide else ""
        raise ValueError(
            f'"{value}": write an address or a network, like "192.168.1.20" or "192.168.1.0/24"{said}'
        ) from None
    return value


def _is_document(value: str) -> str:
    if value not in PRINTED:
        raise ValueError(f'"{value}": programs can print {", ".join(PRINTED)}{meant(value, list(PRINTED))}')
    return value


def _is_group(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", value, re.ASCII):
        raise ValueError(f'"{value}" is no name of a group')
    return value


class GatewayConfig(Strict):
    """``[printers.NAME.gateway]``: absent, no program speaks a printer's protocol to this printer."""

    listen: Annotated[str, AfterValidator(_is_listen)] = Field(
        description="tcp://ADDRESS:PORT; rfc2217://ADDRESS:PORT a virtual serial port; or pty:PATH, a serial port"
    )
    family: Annotated[str, AfterValidator(_is_family)] = Field(description="what the programs speak")
    profile: str | None = Field(default=None, description="which model programs see; absent: the family's usual one")
    code_page: str | None = Field(default=None, description="of the programs; absent: the family's usual one")
    allow: (
        Annotated[tuple[Annotated[str, AfterValidator(_is_network)], ...], Field(min_length=1, max_length=100)] | None
    ) = Field(
        default=None, description="addresses and networks that may connect; absent: all, which only 127.0.0.1 can be"
    )
    group: Annotated[str, AfterValidator(_is_group)] | None = Field(
        default=None, description="users who may open the serial port of pty:; absent: root and the daemon's user"
    )
    documents: Annotated[tuple[Annotated[str, AfterValidator(_is_document)], ...], Field(min_length=1)] | None = Field(
        default=None, description="types of documents that programs may print; absent: all"
    )
    repeat_seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] = Field(
        default=300, description="how long a document that a program sends again is recognised"
    )
    answer_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = Field(
        default=10, description="a program that waited longer than this for its answer may have given up"
    )

    @model_validator(mode="after")
    def _has_choices(self) -> GatewayConfig:
        factory = emulator_factory(self.family)
        for name, known in (("profile", factory.profiles), ("code_page", factory.code_pages)):
            chosen = getattr(self, name)
            if chosen is not None and chosen not in known:
                raise ValueError(f'{name}: "{chosen}" is none of {", ".join(known)}{meant(chosen, list(known))}')
        return self

    @model_validator(mode="after")
    def _says_who(self) -> GatewayConfig:
        if self.address is None and self.allow is not None:
            raise ValueError("allow is for tcp and rfc2217; who may open a serial port is said by group")
        if self.address is not None and self.group is not None:
            raise ValueError("group is for pty; who may connect over the network is said by allow")
        if self.address is not None and self.allow is None and not ip_address(self.address[0]).is_loopback:
            raise ValueError(_NO_ALLOW.format(listen=self.listen))
        return self

    @property
    def address(self) -> tuple[str, int] | None:
        """IP address and port; ``None``: it is a pseudo-terminal."""
        kind, _, rest = self.listen.partition(":")
        return split_address(rest.removeprefix("//").removesuffix("/")) if kind in _NETWORK else None

    @property
    def said(self) -> str:
        """Who may come in and what they may print, for people."""
        who = f", from {', '.join(self.allow)}" if self.allow else f", group {self.group}" if self.group else ""
        return who + (f", only {', '.join(self.documents)}" if self.documents else "")

    def settings(self, printer: str, folder: Path) -> GatewaySettings:
        """The gateway of that printer; paths are relative to ``folder``."""
        address = self.address
        return GatewaySettings(
            printer,
            self.family,
            tcp=address,
            com_port=self.listen.startswith("rfc2217:"),
            allow=None if self.allow is None else tuple(ip_network(each) for each in self.allow),
            group=self.group,
            documents=frozenset(self.documents or PRINTED),
            link=folder / self.listen.partition(":")[2] if address is None else None,
            profile=self.profile,
            code_page=self.code_page,
            repeat_seconds=self.repeat_seconds,
            answer_seconds=self.answer_seconds,
        )

    def beside(self, folder: Path) -> GatewayConfig:
        """The same, with a path relative to ``folder``."""
        if self.address is not None:
            return self
        return self.model_copy(update={"listen": f"pty:{folder / self.listen.partition(':')[2]}"})
