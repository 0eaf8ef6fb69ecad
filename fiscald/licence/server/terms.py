"""What the vendor grants, as pure arithmetic: how long a trial, a lease and a year of updates are."""

from __future__ import annotations

import calendar
import datetime
import hashlib
import json
from typing import Annotated, Any

from pydantic import Field

from fiscald.licence.certificate import AUDIENCE
from fiscald.licence.number import APP, BANK, FISCAL, MODULES
from fiscald.licence.server.transaction import DAY
from fiscald.model.strict import Strict

TRIAL_FLAGS = APP | BANK | FISCAL
#: What happens when a copy was not confirmed in time.
LAPSE = {"trial": "restrict", "paid": "warn", "sub": "restrict"}
CHECK_EVERY = DAY
#: A certificate counts from an hour before it was signed: the customer's clock may be behind.
NBF_SLACK = 3600
#: What a trial's certificate says of a number: it has none.
NO_NUMBER = {"h": "trial", "hint": "trial"}


Days = Annotated[int, Field(strict=True, ge=1, le=3660)]


class Terms(Strict):
    """What the vendor grants; the configuration's ``[terms]``."""

    trial_days: Days = 30
    trial_lease_days: Days = Field(default=3, description="how long a trial's copy may be used without being confirmed")
    lease_days: Days = Field(default=31, description="the same of a bought licence")
    offline: bool = Field(default=True, description="whether new numbers work on computers without internet")

    def lease(self, kind: str) -> int:
        """How long a copy may be used without being confirmed, in seconds."""
        return (self.trial_lease_days if kind == "trial" else self.lease_days) * DAY


def day(at: int) -> datetime.date:
    """The day of a time, in UTC."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).date()


def a_year_after(start: datetime.date) -> datetime.date:
    """The same calendar day next year; of 29 February the 28th."""
    try:
        return start.replace(year=start.year + 1)
    except ValueError:
        return start.replace(year=start.year + 1, day=28)


def a_year_before(end: datetime.date) -> datetime.date:
    """The same calendar day last year; of 29 February the 28th."""
    try:
        return end.replace(year=end.year - 1)
    except ValueError:
        return end.replace(year=end.year - 1, day=28)


def first_updates(bought: datetime.date, *, support: bool) -> datetime.date:
    """Until when a new licence covers releases: a year from purchase, or without support the day of purchase.

    It runs from the purchase, so waiting brings no advantage.
    """
    return a_year_after(bought) if support else bought


def months_after(start: int, months: int) -> int:
    """The time so many calendar months later; of a day that the month does not have, its last day."""
    begins = datetime.datetime.fromtimestamp(start, datetime.UTC)
    years, month = divmod(begins.month - 1 + months, 12)
    year, month = begins.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return int(begins.replace(year=year, month=month, day=min(begins.day, last)).timestamp())


def more_updates(upd: datetime.date, bought: datetime.date) -> datetime.date:
    """``upd`` after an update number: a year from what is covered already, or from purchase if that is later."""
    return a_year_after(max(upd, bought))


def certificate_claims(
    *,
    issuer: str,
    licence: str,
    kind: str,
    flags: int,
    ends: int | None,
    upd: str,
    number: dict[str, str],
    company: dict[str, str | None],
    mid: str,
    jkt: str,
    offline: bool,
    seats: int,
) -> dict[str, Any]:
    """All that a certificate says but its number and times: its rights.

    ``offline``: it is transferred to a computer without internet, so a perpetual one needs no confirmation.
    """
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": licence,
        "num": number,
        "co": company,
        "kind": kind,
        "mod": sorted(name for flag, name in MODULES.items() if flags & flag),
        "end": ends,
        "upd": upd,
        "chk": {"every": None if offline else CHECK_EVERY, "lapse": LAPSE[kind]},
        "mid": mid,
        "cnf": {"jkt": jkt},
        "seats": seats,
    }


def lease(seconds: int, ends: int | None, now: int, *, offline: bool) -> dict[str, Any]:
    """``exp`` or ``perp`` of a certificate signed now; ``seconds``: how long a copy needs no confirmation."""
    if offline:
        return {"perp": True} if ends is None else {"exp": ends}
    return {"exp": now + seconds}


def wants_renewal(iat: int, exp: int | None, now: int) -> bool:
    """Whether less than half of a lease is left."""
    return exp is not None and exp - now < (exp - iat) / 2


def rights(claims: dict[str, Any], kid: str) -> str:
    """Fingerprint of a certificate's rights and of the key that signs them: when it changes, a new one is due."""
    text = json.dumps([kid, claims], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
