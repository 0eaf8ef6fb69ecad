"""The fleet as the API reports it."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from fiscald.model.strict import Deferred, Strict

_LONGEST_KEY = 60
#: The name of a shop: a level of a topic.
ShopName = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
#: The name of a central: a part of the shop's journal keys.
CentralName = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]


def _is_key(kind: str, text: str) -> str:
    match = re.fullmatch(r"([a-z0-9]+):([A-Za-z0-9_-]{43})=?", text, re.ASCII)
    if match is None or match[1] != kind:
        raise ValueError(f"not a public key; write {kind}: and 43 characters, as the other side shows it")
    raw = base64.urlsafe_b64decode(f"{match[2]}=")
    if base64.urlsafe_b64encode(raw).decode() != f"{match[2]}=":
        raise ValueError("not a public key: its last character is wrong")
    return f"{kind}:{match[2]}"


def _is_signing_key(text: str) -> str:
    return _is_key("ed25519", text)


def _is_sealing_key(text: str) -> str:
    return _is_key("x25519", text)


#: A public key that checks signatures: ``ed25519:...``.
SigningKeyText = Annotated[str, Field(max_length=_LONGEST_KEY), AfterValidator(_is_signing_key)]
#: A public key that encrypts: ``x25519:...``.
SealingKeyText = Annotated[str, Field(max_length=_LONGEST_KEY), AfterValidator(_is_sealing_key)]


class ShopCard(Strict):
    """What a central must know of a shop. Nothing of it is secret, but it must not be changed on its way."""

    v: Literal[1] = 1
    shop: ShopName
    device_key: SigningKeyText = Field(description="checks the shop's outcomes and status: ed25519:...")
    encryption_key: SealingKeyText = Field(description="encrypts orders for the shop: x25519:...")


class CentralCard(Strict):
    """What a central shows at enrolment, for the shop's configuration."""

    v: Literal[1] = 1
    central: CentralName
    orders_key: SigningKeyText = Field(description="checks the central's orders")
    encryption_key: SealingKeyText | None = Field(default=None, description="encrypts outcomes for the central")


class FleetRefusal(Deferred):
    """A message that the shop did not obey."""

    at: AwareDatetime
    code: str
    detail: str


class FleetStatus(Deferred):
    """The shop's end of the fleet."""

    configured: bool = Field(description="false: there is no section [fleet], and nothing else is known")
    shop: str | None = None
    central: str | None = Field(default=None, description="whose orders the shop obeys")
    broker: str | None = None
    connected: bool = False
    since: AwareDatetime | None = Field(default=None, description="of the connection, or of its loss")
    reason: str | None = Field(default=None, description="why there is no connection, or why the fleet does not work")
    session: str | None = Field(default=None, description="the session that orders must be signed for")
    orders_today: int = 0
    outcomes_waiting: int = Field(default=0, description="outcomes that the central has not acknowledged")
    refused: dict[str, int] = Field(
        default_factory=dict, description="messages not obeyed since the start, by code: docs/fleet.md"
    )
    recent: tuple[FleetRefusal, ...] = Field(default=(), description="the last of them")


class EnrolmentRequest(Deferred):
    """Ask for what a central must know of this shop."""

    shop: ShopName = Field(description="the shop's name in the fleet")
