"""The fleet as the API reports it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from fiscald.model.strict import Deferred


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

    shop: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="the shop's name in the fleet")


class Enrolment(Deferred):
    """What a central must know of this shop. Nothing of it is secret, but it must not be changed on its way."""

    v: int = 1
    shop: str
    device_key: str = Field(description="checks the shop's outcomes and status: ed25519:...")
    encryption_key: str = Field(description="encrypts orders for the shop: x25519:...")
