"""What a licence allows at a given moment: one pure table; the first matching row decides."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from fiscald.licence.certificate import Certificate
from fiscald.licence.clock import DAY, HOUR
from fiscald.licence.company import Company
from fiscald.licence.notes import Note
from fiscald.licence.wire import Status
from fiscald.model.documents import DOCUMENTS
from fiscald.model.problems import Problem, problem

#: Days before the end at which a warning begins.
ENDING_SOON, UPDATES_ENDING_SOON = 14, 30
#: How long an emergency pass lasts, and how long none is given after one.
EMERGENCY, EMERGENCY_EVERY = 72 * HOUR, 90 * DAY
_NO_REASON = "the vendor gave no reason"
#: Types of documents that need no licence: a shop must be able to close its day in every state of the licence.
UNGATED_DOCUMENTS = tuple(name for name, document in DOCUMENTS.items() if not document.about.gated)
#: What is allowed in every state: the answer to "what can I still do?".
ALLOWED = ("status", "finish", *UNGATED_DOCUMENTS)


#: States in which no emergency pass counts: the vendor itself says no, and may change its mind.
WITHDRAWN = ("revoked", "suspended")


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
    closed: Note | None = None
    """What this computer wrote down of the licence's end; it outlives the vendor's answer."""
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
    """Why no document may be opened; ``None`` if it may."""
    warnings: tuple[str, ...] = ()
    days_left: int | None = None


def derive(situation: Situation) -> LicenceState:
    """The state of a verified certificate, or of none, in that situation."""
    state = _row(situation)
    left = emergency_left(situation.emergency, situation.now)
    if state.refusal is None or left is None or state.name in WITHDRAWN:
        return state
    warnings = ("licence.w.emergency", f"licence.w.{state.name}", *state.warnings)
    return LicenceState(state.name, None, warnings, left // DAY)


def emergency_left(taken: int | None, now: int) -> int | None:
    """Seconds left of an emergency pass; ``None`` if there is none, or it has ended."""
    if taken is None or not taken <= now < taken + EMERGENCY:
        return None
    return taken + EMERGENCY - now


def _row(it: Situation) -> LicenceState:
    certificate, now = it.certificate, it.now
    flags = tuple(f"licence.w.{flag}" for flag in it.flags)
    if certificate is None:
        return _refused("unregistered", "number", flags, reason=it.reason)
    verdict, since, why = _verdict(it)
    if verdict == "revoked":
        return _refused("revoked", "number", flags, reason=why, since=since)
    if verdict == "suspended":
        return _refused("suspended", "check", flags, reason=why, since=since)
    if verdict == "superseded":
        return _refused("transferred", "transfer", flags, since=since)
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


def _verdict(it: Situation) -> tuple[str | None, str, str]:
    """The vendor's verdict, since when, and why: by its newest answer, or as it was written down."""
    status, note = it.status, it.closed
    if status is not None and (status.verdict in (*WITHDRAWN, "superseded") or note is None):
        return status.verdict, _moment(status.since or status.iat), status.text or _NO_REASON
    return (None, "", "") if note is None else (note.word, _moment(note.at), _NO_REASON)


def company_mismatch(expected: str, found: str, warnings: tuple[str, ...] = ()) -> LicenceState:
    """The licence belongs to ``expected``, the shop or the printer to ``found``.

    They are separate members for the application. The sentence contains no names, because sentences get into logs.
    """
    names = _members("company_mismatch", "number", expected=expected, found=found)
    why = problem("licence.company_mismatch", extra=names, expected="one company", found="another")
    return LicenceState("company_mismatch", why, warnings)


def no_tax_number(expected: str, found: str) -> Problem:
    """The licence's company has no tax number, and the printer's memory has one: it is another's printer."""
    why = company_mismatch(expected, found).refusal
    assert why is not None
    return why.model_copy(
        update={
            "detail": "the licence carries no tax number, and this printer belongs to a taxpayer who has one; ask the "
            "vendor to add the number and run: fiscalctl licence check, or register with the tax number",
            "detail_pl": "W licencji nie ma numeru NIP, a drukarka go ma. Poproś dostawcę o dopisanie numeru NIP do "
            "licencji albo zarejestruj licencję z tym numerem.",
        }
    )


def _refused(name: str, prompt: str, warnings: tuple[str, ...], **facts: Any) -> LicenceState:
    return LicenceState(name, problem(f"licence.{name}", extra=_members(name, prompt, **facts), **facts), warnings)


def _members(name: str, prompt: str, **facts: Any) -> dict[str, Any]:
    """Members of a refusal for the application, beside its sentences."""
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
    """A version as a sortable tuple; a part that is not a number counts as 0."""
    return tuple(int(part) if part.isascii() and part.isdigit() else 0 for part in version.split("."))


def _moment(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
