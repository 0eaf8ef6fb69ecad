"""The licence at work: asked before a document is opened, and by people about itself."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fiscald.licence.certificate import Certificate, CertificateRefused
from fiscald.licence.clock import HOUR, Moment, Witnesses, moment
from fiscald.licence.company import Company
from fiscald.licence.keys import trusted
from fiscald.licence.state import EMERGENCY, EMERGENCY_EVERY, LicenceState, Situation, company_mismatch, derive
from fiscald.licence.store import LicenceStore, StoreError
from fiscald.licence.wire import Status
from fiscald.model.printers import Identity
from fiscald.model.problems import Problem, ProblemError, problem

#: Never gated: a shop must be able to close its day, whatever became of its licence.
SAFE_DOCUMENTS = frozenset(("daily_report",))
MODULE = "fiscal"
#: Says that the system's clock follows a time server (systemd-timesyncd).
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")


class LicenceGate:
    """Holds the verified certificate in memory; evaluates it anew at every question."""

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
        self._certificate: Certificate | None = None
        self._status: Status | None = None
        self._reason = ""
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
        return self._certificate

    def wall(self) -> int:
        """What the computer's clock says."""
        return int(self._clock())

    def reload(self) -> None:
        """Read the store again: at start, and when asked to."""
        try:
            self._certificate = self.store.load(self.wall())
            self._reason = "" if self._certificate is not None else "none is installed"
        except (CertificateRefused, StoreError) as error:
            self._certificate = None
            self._reason = str(error)
        self._status = None if self._certificate is None else self.store.status(self._certificate.sub)
        if self._certificate is not None and self._status is not None and self._status.iat < self._certificate.iat:
            self._status = None  # what was said before this certificate was signed is over

    def install(self, text: bytes) -> None:
        """Put a certificate in force. Raises ``ProblemError``; then the former one stays."""
        try:
            self.store.install(text, self.wall())
        except CertificateRefused as error:
            raise _refused(error.detail, error.code.value) from None
        except StoreError as error:
            raise _refused(str(error), "STORE") from None
        self.reload()

    def take_status(self, text: str) -> None:
        """Take over the vendor's answer to a check. Raises ``StoreError``."""
        self.store.keep_status(text)
        self.reload()
        if self._status is not None:
            # The vendor's time corrects the latest that was believed, in both directions.
            self.store.remember(mark=self._status.iat)

    def remove(self) -> None:
        """Put the certificate out of force: the licence was given back. Raises ``StoreError``."""
        self.store.remove()
        self.reload()

    # -- time -----------------------------------------------------------------------------------------

    def moment(self) -> Moment:
        """The time to go by."""
        wall = self._clock()
        return moment(
            int(wall),
            Witnesses(
                program=int(datetime.datetime.combine(self._released, datetime.time(), datetime.UTC).timestamp()),
                certificate=0 if self._certificate is None else self._certificate.iat,
                vendor=0 if self._status is None else self._status.iat,
                mark=self.store.memory.mark,
                printer=None if self._printer_ahead is None else int(wall + self._printer_ahead),
                synchronised=_SYNCHRONISED.exists(),
            ),
        )

    def witness(self, identity: Identity, clock: datetime.datetime | None) -> None:
        """A printer has told its time. Only a fiscalised one counts, and no emulated one."""
        if clock is not None and identity.fiscal and not identity.emulated:
            self._printer_ahead = clock.timestamp() - self._clock()

    def save_time(self) -> None:
        """Keep the present moment as the latest, if it is believed; at most hourly. Raises ``StoreError``."""
        it = self.moment()
        if it.believed and it.now >= self.store.memory.mark + HOUR:
            self.store.remember(mark=it.now)

    # -- the state ------------------------------------------------------------------------------------

    def state(self) -> LicenceState:
        """The state right now. A certificate that waited for its time comes into force without being asked to."""
        if self.store.pending_due(self.wall()):
            self.reload()
        return derive(self._situation())

    def _situation(self) -> Situation:
        it = self.moment()
        certificate = self._certificate
        covered = [name for name, at in self._series.items() if certificate is not None and at <= certificate.upd]
        return Situation(
            certificate=certificate,
            now=it.now,
            machine=self.machine,
            released=self._released,
            reason=self._reason,
            status=self._status,
            seller=self.seller,
            emergency=self.store.memory.emergency,
            last_covered=covered[-1] if covered else None,
            version=self.version,
            flags=it.flags,
        )

    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        """See ``fiscald.engine.gate.Gate``."""
        if document_type in SAFE_DOCUMENTS:
            return None
        state = self.state()
        if state.refusal is not None:
            return state.refusal
        certificate = self._certificate
        if certificate is None:
            return None  # an emergency pass
        if MODULE not in certificate.modules:
            modules = ", ".join(certificate.modules) or "none"
            return problem("licence.module_missing", module=MODULE, modules=modules, extra={"module": MODULE})
        if identity is None:
            return None
        if self.test_keys and not identity.emulated:
            return problem("licence.test_keys", printer_id=identity.printer_id)
        tin = certificate.company.tin
        if identity.fiscal and identity.nip is not None and tin not in (None, identity.nip) and not identity.emulated:
            return company_mismatch(str(certificate.company), f"{identity.printer_id} ({identity.nip})").refusal
        return None

    def take_emergency(self) -> None:
        """72 hours without a valid licence, once in 90 days. Raises ``ProblemError``."""
        now, taken = self.moment().now, self.store.memory.emergency
        if taken is not None and now < taken + EMERGENCY_EVERY:
            again = _iso(taken + EMERGENCY_EVERY)
            raise ProblemError(problem("licence.emergency_used", again=again, extra={"again": again}))
        paid = self.store.paid(self.wall())
        if self.state().name == "revoked" or paid is None or MODULE not in paid.modules:
            raise ProblemError(problem("licence.emergency_denied"))
        try:
            self.store.remember(emergency=now)
        except StoreError as error:
            raise _refused(str(error), "STORE") from None

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
        state, certificate, status = self.state(), self._certificate, self._status
        taken = self.store.memory.emergency
        answer: dict[str, Any] = {
            "state": state.name,
            "reason": self._reason or None,
            "warnings": list(state.warnings),
            "days_left": state.days_left,
            "prompt": (state.refusal.model_extra or {}).get("prompt") if state.refusal else None,
            "may_print": state.refusal is None and (certificate is None or MODULE in certificate.modules),
            "machine": self.machine,
            "test_keys": self.test_keys,
            "version": self.version,
            "emergency_until": None if taken is None else _iso(taken + EMERGENCY),
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


def _refused(reason: str, code: str) -> ProblemError:
    return ProblemError(
        problem("licence.refused", reason=reason, certificate_code=code, extra={"certificate_code": code})
    )


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
