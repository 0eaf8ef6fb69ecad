"""The licence in use: checked before a document is opened, and described to users."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fiscald.licence.certificate import Certificate, CertificateRefused
from fiscald.licence.clock import HOUR, LAST, Moment, TimeEvidence, moment
from fiscald.licence.company import Company
from fiscald.licence.keys import trusted
from fiscald.licence.notes import Note, SecondRecord, Word
from fiscald.licence.state import (
    EMERGENCY,
    EMERGENCY_EVERY,
    UNGATED_DOCUMENTS,
    WITHDRAWN,
    LicenceState,
    Situation,
    company_mismatch,
    derive,
    no_tax_number,
)
from fiscald.licence.store import LicenceStore, StoreError
from fiscald.licence.wire import Status
from fiscald.model.printers import Identity
from fiscald.model.problems import Problem, ProblemError, problem

log = logging.getLogger(__name__)

MODULE = "fiscal"
#: What is written down of the vendor's verdicts; every other one confirms the licence.
_NOTED: dict[str, Word] = {"revoked": "revoked", "suspended": "suspended", "superseded": "superseded"}
#: Says that the system's clock follows a time server (systemd-timesyncd).
_SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")


class _Snapshot(NamedTuple):
    """The content of the files; replaced at once, so that no thread sees parts of two."""

    certificate: Certificate | None = None
    """The one in force."""
    status: Status | None = None
    """The vendor's newest answer about it."""
    closed: Note | None = None
    """What was written down of its end."""
    reason: str = ""
    """Why there is no certificate."""
    paid: Certificate | None = None
    """A paid one that is or was installed here and was not revoked: with it an emergency pass counts."""


class LicenceGate:
    """Holds the verified certificate in memory; evaluates it at every request."""

    def __init__(
        self,
        store: LicenceStore,
        *,
        test_keys: bool,
        machine: str | None,
        series: dict[str, datetime.date],
        version: str = "",
        seller: Company | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``store`` was opened with the keys for ``test_keys``; ``machine`` is this computer's pseudonym.

        ``series``: release dates of the program's series, the newest (this one) last. ``seller``: the company that
        the configuration names.
        """
        self.store = store
        self.machine = machine
        self.version = version
        self.seller = seller
        self._series = series
        self._released = [*series.values()][-1]
        self._clock = clock
        self._snapshot = _Snapshot()
        self._printer_ahead: float | None = None
        """By how much the clock of a fiscalised printer is ahead of ours."""
        self.test_keys = test_keys
        self.reload()

    @classmethod
    def keys(cls, *, test_keys: bool) -> dict[str, Any]:
        """The keys to open a store with."""
        return dict(trusted(test_keys=test_keys))

    @property
    def certificate(self) -> Certificate | None:
        """The certificate in force."""
        return self._snapshot.certificate

    def system_time(self) -> int:
        """The computer's clock."""
        return int(self._clock())

    def keep_second(self, record: SecondRecord) -> None:
        """Use a second record of notes from now on."""
        with self.store.lock:
            self.store.second = record
            self.reload()

    def reload(self) -> None:
        """Read the store again: at start, and when asked to. Files that cannot be used are no certificate."""
        with self.store.lock:
            self._snapshot = self._read()

    def _read(self) -> _Snapshot:
        now = self.system_time()
        try:
            certificate = self.store.load(now)
            status = None if certificate is None else self._vendor_status(certificate)
            closed = None if certificate is None else self.store.closing(certificate)
            return _Snapshot(certificate, status, closed, "" if certificate else "none is installed", self._paid(now))
        except CertificateRefused as error:
            return _Snapshot(reason=str(error), paid=self._paid(now))
        except StoreError as error:
            log.error("the licence cannot be read, so no document is opened: %s", error)
            return _Snapshot(reason=str(error), paid=self._paid(now))

    def _vendor_status(self, certificate: Certificate) -> Status | None:
        """The vendor's newest answer about a licence; an answer older than the certificate does not count."""
        status = self.store.status(certificate.sub)
        return None if status is None or status.iat < certificate.iat else status

    def _paid(self, now: int) -> Certificate | None:
        """See ``_Snapshot.paid``. A licence that was revoked and then given back stays revoked."""
        paid = self.store.paid(now)
        if paid is None or MODULE not in paid.modules or self.store.withdrawn(paid):
            return None
        try:
            said = self._vendor_status(paid)
        except StoreError:
            return None
        return None if said is not None and said.verdict in WITHDRAWN else paid

    def install(self, text: bytes) -> None:
        """Put a certificate in force. Raises ``ProblemError``; then the former one stays."""
        try:
            with self.store.lock:
                self.store.install(text, self.system_time(), self.machine)
                self.reload()
        except CertificateRefused as error:
            raise _refused(error.detail, error.code.value) from None
        except StoreError as error:
            raise _refused(str(error), "STORE") from None

    def take_status(self, text: str) -> None:
        """Take over the vendor's answer to a check. Raises ``StoreError``."""
        with self.store.lock:
            self.store.keep_status(text)
            self.reload()
            certificate, status = self._snapshot.certificate, self._snapshot.status
            if certificate is not None and status is not None:
                # The vendor's time corrects the latest that was believed, in both directions.
                self.store.remember(mark=status.iat)
                self.store.note(_NOTED.get(status.verdict, "confirmed"), certificate, status.iat)
                self.reload()

    def give_back(self, licence: str, at: int) -> None:
        """Put that licence's certificate out of force: it was given back, by the vendor's time ``at``.

        It does not come back from a copy: only a newer one counts. Raises ``StoreError``.
        """
        with self.store.lock:
            certificate = self.certificate
            try:
                if certificate is not None and certificate.sub == licence:
                    try:
                        self.store.note("given_back", certificate, at)
                    finally:
                        self.store.remove()
            finally:
                self.reload()

    # -- time -----------------------------------------------------------------------------------------

    def moment(self) -> Moment:
        """The valid time."""
        system_time, snapshot = self._clock(), self._snapshot
        certificate = snapshot.certificate or snapshot.paid
        return moment(
            int(system_time),
            TimeEvidence(
                program=int(datetime.datetime.combine(self._released, datetime.time(), datetime.UTC).timestamp()),
                certificate=0 if certificate is None else certificate.iat,
                vendor=0 if snapshot.status is None else snapshot.status.iat,
                mark=self.store.memory.mark,
                printer=None if self._printer_ahead is None else int(system_time + self._printer_ahead),
                synchronized=_SYNCHRONIZED.exists(),
            ),
        )

    def observe_clock(self, identity: Identity, clock: datetime.datetime | None) -> None:
        """Take the time of a printer. Only fiscalised, real printers count."""
        if clock is not None and identity.fiscal and not identity.emulated:
            self._printer_ahead = clock.timestamp() - self._clock()

    def save_time(self) -> None:
        """Save the present time as the latest, if it is trusted; at most hourly. Raises ``StoreError``."""
        it = self.moment()
        if it.believed and it.now >= self.store.memory.mark + HOUR:
            self.store.remember(mark=it.now)

    # -- the state ------------------------------------------------------------------------------------

    def state(self) -> LicenceState:
        """The present state. A certificate for later comes into force at its time."""
        return self._evaluate()[1]

    def _evaluate(self) -> tuple[_Snapshot, LicenceState]:
        """The state, and what it was derived from."""
        if self.store.pending_due(self.system_time()):
            self.reload()
        snapshot = self._snapshot
        return snapshot, derive(self._situation(snapshot))

    def _situation(self, snapshot: _Snapshot) -> Situation:
        it = self.moment()
        certificate = snapshot.certificate
        covered = [name for name, at in self._series.items() if certificate is not None and at <= certificate.upd]
        return Situation(
            certificate=certificate,
            now=it.now,
            machine=self.machine,
            released=self._released,
            reason=snapshot.reason,
            status=snapshot.status,
            closed=snapshot.closed,
            seller=self.seller,
            emergency=None if snapshot.paid is None else self._emergency(),
            last_covered=covered[-1] if covered else None,
            version=self.version,
            flags=it.flags,
        )

    def _emergency(self) -> int | None:
        """When the newest emergency pass was taken, if all records have the same."""
        taken = {*self.store.passes()}
        return taken.pop() if len(taken) == 1 else None

    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        """See ``fiscald.engine.gate.Gate``."""
        if document_type in UNGATED_DOCUMENTS:
            return None
        snapshot, state = self._evaluate()
        if state.refusal is not None:
            return state.refusal
        if self.test_keys and identity is not None and not identity.emulated:
            return problem("licence.test_keys", printer_id=identity.printer_id)
        certificate = snapshot.certificate or snapshot.paid  # without one in force this is an emergency pass
        if certificate is None or MODULE not in certificate.modules:
            modules = "none" if certificate is None else ", ".join(certificate.modules) or "none"
            extra = {"module": MODULE, "prompt": "number", "state": state.name}
            return problem("licence.module_missing", module=MODULE, modules=modules, extra=extra)
        if identity is None:
            return None
        company = certificate.company
        if identity.fiscal and not identity.emulated and identity.nip not in (None, company.tin):
            found = f"{identity.printer_id} ({identity.nip})"
            if company.tin is None:
                return no_tax_number(str(company), found)
            return company_mismatch(str(company), found).refusal
        return None

    def take_emergency(self) -> None:
        """72 hours without a valid licence, once in 90 days. Raises ``ProblemError``."""
        with self.store.lock:
            self.reload()  # by today's keys
            # One that either record has: no other is given for a while.
            it, taken = self.moment(), max((at for at in self.store.passes() if at is not None), default=None)
            if not it.believed:
                # The pass would be for a wrong period.
                raise ProblemError(_unbelieved(it.flags))
            if taken is not None and taken <= it.now < taken + EMERGENCY_EVERY:
                again = _iso(taken + EMERGENCY_EVERY)
                raise ProblemError(problem("licence.emergency_used", again=again, extra={"again": again}))
            state = self.state()
            if state.name in WITHDRAWN or self._snapshot.paid is None:
                raise ProblemError(problem("licence.emergency_denied"))
            if state.refusal is None:
                # Also where the licence lacks the module: the pass opens what the licence in force has.
                raise ProblemError(problem("licence.emergency_useless", state=state.name, extra={"state": state.name}))
            try:
                self.store.keep_pass(it.now)
            except StoreError as error:
                raise _refused(str(error), "STORE") from None
        until = _iso(it.now + EMERGENCY)
        log.warning("an emergency pass was taken: documents are opened until %s, whatever the licence's state", until)

    # -- telling --------------------------------------------------------------------------------------

    def notice(self) -> dict[str, Any] | None:
        """What every answer about a document says of the licence; ``None`` while it is plainly active."""
        state = self.state()
        plain = state.name == "active" and not state.warnings and not self.test_keys
        if plain:
            return None
        notice: dict[str, Any] = {"state": state.name, "warnings": list(state.warnings), "days_left": state.days_left}
        return notice | ({"test_keys": True} if self.test_keys else {})

    def describe(self) -> dict[str, Any]:
        """The whole answer of ``GET /v1/licence``."""
        snapshot, state = self._evaluate()
        certificate, status = snapshot.certificate, snapshot.status
        ruling, taken = certificate or snapshot.paid, self._emergency()
        may_print = state.refusal is None and ruling is not None and MODULE in ruling.modules
        answer: dict[str, Any] = {
            "state": state.name,
            "reason": snapshot.reason or None,
            "warnings": list(state.warnings),
            "days_left": state.days_left,
            "prompt": _prompt(state, may_print=may_print),
            "may_print": may_print,
            "machine": self.machine,
            "test_keys": self.test_keys,
            "version": self.version,
            "emergency_until": None if taken is None or taken > self.moment().now else _iso(taken + EMERGENCY),
        }
        if certificate is not None:
            answer |= {
                "kind": certificate.kind,
                "modules": list(certificate.modules),
                "company": certificate.company._asdict(),
                "number": certificate.number_hint,
                "licence": certificate.sub,
                "certificate": certificate.jti,
                "end": _iso(certificate.end),
                "confirm_by": _iso(certificate.exp),
                "updates_until": certificate.upd.isoformat(),
                "confirmed_at": _iso(max(certificate.iat, status.iat if status is not None else 0)),
                "update": status.upd.model_dump() if status is not None and status.upd is not None else None,
            }
        return answer


def _prompt(state: LicenceState, *, may_print: bool) -> str | None:
    """Which window an application shows; a licence that lacks the module needs another number."""
    if state.refusal is not None:
        return str((state.refusal.model_extra or {})["prompt"])
    return None if may_print else "number"


def _refused(reason: str, code: str) -> ProblemError:
    return ProblemError(
        problem("licence.refused", reason=reason, certificate_code=code, extra={"certificate_code": code})
    )


def _unbelieved(flags: tuple[str, ...]) -> Problem:
    return problem("licence.emergency_denied").model_copy(
        update={
            "detail": f"the computer's clock is not confirmed ({', '.join(flags)}); set it right, or connect to the "
            "internet, and try again",
            "detail_pl": "Data w tym komputerze wygląda na błędną. Ustaw ją albo połącz komputer z internetem.",
        }
    )


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(min(seconds, LAST), datetime.UTC).isoformat()
