"""What a licence allows at a given moment: one pure table, the first row that matches wins."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from fiscald.licence.certificate import Certificate
from fiscald.licence.clock import DAY, HOUR
from fiscald.licence.company import Company
from fiscald.licence.wire import Status
from fiscald.model.documents import DOCUMENTS
from fiscald.model.problems import Problem, problem

#: Days before the end at which a warning begins.
ENDING_SOON, UPDATES_ENDING_SOON = 14, 30
#: How long an emergency pass lasts, and how long none is given after one.
EMERGENCY, EMERGENCY_EVERY = 72 * HOUR, 90 * DAY
#: Types of documents that take no licence: a shop must be able to close its day, whatever became of its licence.
UNGATED_DOCUMENTS = tuple(name for name, document in DOCUMENTS.items() if not document.about.gated)
#: What is never gated, whatever the state: the answer to "what can I still do?".
ALLOWED = ("status", "finish", *UNGATED_DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the table looks at. Times are seconds since 1970."""

    certificate: Certificate | None
    now: int
    machine: str | None
    """This computer's pseudonym."""
    released: datetime.date
    """Release date of this series of the program."""
    reason: str = ""
    """Why there is no certificate."""
    status: Status | None = None
    """The vendor's newest signed answer about this very licence."""
    seller: Company | None = None
    """The company that the configuration names."""
    emergency: int | None = None
    """When the newest emergency pass was taken."""
    last_covered: str | None = None
    """The newest series whose updates the certificate covers."""
    version: str = ""
    flags: tuple[str, ...] = ()
    """What is wrong with the clock."""


@dataclass(frozen=True, slots=True)
class LicenceState:
    """A row of the table, for one moment."""

    name: str
    refusal: Problem | None
    """Why no document may be opened; ``None`` where it may."""
    warnings: tuple[str, ...] = ()
    days_left: int | None = None


def derive(situation: Situation) -> LicenceState:
    """The state of a verified certificate, or of none, in that situation."""
    state = _row(situation)
    left = emergency_left(situation.emergency, situation.now)
    if state.refusal is None or left is None or state.name == "revoked":
        return state
    warnings = ("licence.w.emergency", f"licence.w.{state.name}", *state.warnings)
    return LicenceState(state.name, None, warnings, left // DAY)


def emergency_left(taken: int | None, now: int) -> int | None:
    """Seconds for which an emergency pass still holds; ``None`` if there is none, or it is over."""
    if taken is None or not taken <= now < taken + EMERGENCY:
        return None
    return taken + EMERGENCY - now


def _row(it: Situation) -> LicenceState:
    certificate, now = it.certificate, it.now
    flags = tuple(f"licence.w.{flag}" for flag in it.flags)
    if certificate is None:
        return _refused("unregistered", "number", flags, reason=it.reason)
    if it.status is not None and it.status.verdict == "revoked":
        why = it.status.text or "the vendor gave no reason"
        return _refused("revoked", "number", flags, reason=why, since=_moment(it.status.since or it.status.iat))
    if it.status is not None and it.status.verdict == "superseded":
        return _refused("transferred", "transfer", flags, since=_moment(it.status.since or it.status.iat))
    if certificate.mid not in ("*", it.machine):
        return _refused("machine_mismatch", "transfer", flags)
    if it.seller is not None and not certificate.company.same(it.seller):
        return company_mismatch(str(certificate.company), str(it.seller), flags)
    if certificate.end is not None and certificate.end <= now:
        return _refused("ended", "number", flags, was=certificate.kind, since=_moment(certificate.end))
    if it.released > certificate.upd:
        covered = it.last_covered or "none"
        return _refused(
            "updates_ended", "support_number", flags, upd=certificate.upd, released=it.released, last_covered=covered
        )
    warnings = (*_warnings(it, certificate), *flags)
    left = None if certificate.end is None else (certificate.end - now) // DAY
    if certificate.exp is not None and certificate.exp <= now:
        since, overdue = _moment(certificate.exp), (now - certificate.exp) // DAY
        if certificate.lapse == "restrict":
            return _refused("lapsed", "check", warnings, since=since, days_overdue=overdue)
        return LicenceState("lapsed", None, ("licence.w.lapsed", *warnings), left)
    confirmed = max(certificate.iat, it.status.iat if it.status is not None else 0)
    if certificate.check_every is not None and now > confirmed + 2 * certificate.check_every:
        until = None if certificate.exp is None else (certificate.exp - now) // DAY
        return LicenceState("grace", None, ("licence.w.unconfirmed", *warnings), until)
    if certificate.kind == "trial":
        return LicenceState("trial", None, ("licence.w.trial", *warnings), left)
    return LicenceState("active", None, warnings, left)


def company_mismatch(expected: str, found: str, warnings: tuple[str, ...] = ()) -> LicenceState:
    """The licence belongs to ``expected``, the shop or the printer to ``found``.

    They are members of their own for the application. The sentence names nobody: sentences get into logs.
    """
    names = _members("company_mismatch", "number", expected=expected, found=found)
    why = problem("licence.company_mismatch", extra=names, expected="one company", found="another")
    return LicenceState("company_mismatch", why, warnings)


def _refused(name: str, prompt: str, warnings: tuple[str, ...], **facts: Any) -> LicenceState:
    return LicenceState(name, problem(f"licence.{name}", extra=_members(name, prompt, **facts), **facts), warnings)


def _members(name: str, prompt: str, **facts: Any) -> dict[str, Any]:
    """What a refusal holds for the application beside its sentences."""
    members = {"state": name, "prompt": prompt, "allowed": list(ALLOWED)}
    return members | {key: value if isinstance(value, int) else str(value) for key, value in facts.items()}


def _warnings(it: Situation, certificate: Certificate) -> tuple[str, ...]:
    warnings = []
    if certificate.end is not None and certificate.end - it.now <= ENDING_SOON * DAY:
        warnings.append("licence.w.ending_soon")
    today = datetime.datetime.fromtimestamp(it.now, datetime.UTC).date()
    if certificate.kind != "trial" and (certificate.upd - today).days <= UPDATES_ENDING_SOON:
        warnings.append("licence.w.updates_ending_soon")
    newest = it.status.upd.latest if it.status is not None and it.status.upd is not None else it.version
    if _parts(newest) > _parts(it.version):
        warnings.append("licence.w.update_available")
    return tuple(warnings)


def _parts(version: str) -> tuple[int, ...]:
    """A version in the order of versions; what is no number counts as 0."""
    return tuple(int(part) if part.isascii() and part.isdigit() else 0 for part in version.split("."))


def _moment(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
