"""What a licence allows at a given moment: one pure table, the first row that matches wins."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from fiscald.licence.certificate import Certificate
from fiscald.model.problems import Problem, problem

DAY = 86400
#: Days before the end at which a warning begins.
ENDING_SOON, UPDATES_ENDING_SOON = 14, 30


@dataclass(frozen=True, slots=True)
class LicenceState:
    """A row of the table, for one moment."""

    name: str
    refusal: Problem | None
    """Why no document may be opened; ``None`` where it may."""
    warnings: tuple[str, ...] = ()
    days_left: int | None = None


def derive(
    certificate: Certificate | None, reason: str, now: int, machine: str | None, released: datetime.date
) -> LicenceState:
    """The state of a verified ``certificate`` (or of none, for ``reason``) at ``now`` on this ``machine``.

    ``released`` is the release date of this series of the program. ``now`` is never taken as earlier than the
    certificate's own time of signing.
    """
    if certificate is None:
        return _refused("unregistered", "number", reason=reason)
    now = max(now, certificate.iat)
    if certificate.mid not in ("*", machine):
        return _refused("machine_mismatch", "transfer")
    if certificate.end is not None and certificate.end <= now:
        return _refused("ended", "number", was=certificate.kind, since=_moment(certificate.end))
    if released > certificate.upd:
        return _refused("updates_ended", "support_number", upd=certificate.upd, released=released)
    warnings = _warnings(certificate, now)
    left = None if certificate.end is None else (certificate.end - now) // DAY
    if certificate.exp is not None and certificate.exp <= now:
        if certificate.lapse == "restrict":
            return _refused("lapsed", "check", since=_moment(certificate.exp))
        return LicenceState("lapsed", None, ("licence.w.lapsed", *warnings), left)
    if certificate.check_every is not None and now > certificate.iat + 2 * certificate.check_every:
        until = None if certificate.exp is None else (certificate.exp - now) // DAY
        return LicenceState("grace", None, ("licence.w.unconfirmed", *warnings), until)
    if certificate.kind == "trial":
        return LicenceState("trial", None, ("licence.w.trial", *warnings), left)
    return LicenceState("active", None, warnings, left)


def _refused(name: str, prompt: str, **facts: Any) -> LicenceState:
    why = problem(
        f"licence.{name}",
        extra={"state": name, "prompt": prompt, "allowed": ["status", "finish", "daily_report"]}
        | {key: str(value) for key, value in facts.items()},
        **facts,
    )
    return LicenceState(name, why)


def _warnings(certificate: Certificate, now: int) -> tuple[str, ...]:
    warnings = []
    if certificate.end is not None and certificate.end - now <= ENDING_SOON * DAY:
        warnings.append("licence.w.ending_soon")
    today = datetime.datetime.fromtimestamp(now, datetime.UTC).date()
    if (certificate.upd - today).days <= UPDATES_ENDING_SOON:
        warnings.append("licence.w.updates_ending_soon")
    return tuple(warnings)


def _moment(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
