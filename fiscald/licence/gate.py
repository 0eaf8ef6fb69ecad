"""The licence at work: asked before a document is opened, and by people about itself."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

from fiscald.licence.certificate import Certificate, CertificateRefused
from fiscald.licence.keys import trusted
from fiscald.licence.state import LicenceState, derive
from fiscald.licence.store import LicenceStore, StoreError
from fiscald.model.printers import Identity
from fiscald.model.problems import Problem, ProblemError, problem

#: Never gated: a shop must be able to close its day, whatever became of its licence.
SAFE_DOCUMENTS = frozenset(("daily_report",))
MODULE = "fiscal"


class LicenceGate:
    """Holds the verified certificate in memory; evaluates it anew at every question."""

    def __init__(
        self,
        store: LicenceStore,
        *,
        test_keys: bool,
        machine: str | None,
        released: datetime.date,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``store`` was opened with the keys for ``test_keys``; ``machine`` is this computer's pseudonym."""
        self._store = store
        self._machine = machine
        self._released = released
        self._clock = clock
        self._certificate: Certificate | None = None
        self._reason = ""
        self.test_keys = test_keys
        self.reload()

    @classmethod
    def keys(cls, *, test_keys: bool) -> dict[str, Any]:
        """The keys to open a store with."""
        return dict(trusted(test_keys=test_keys))

    def reload(self) -> None:
        """Read the store again: at start, and when asked to."""
        try:
            self._certificate = self._store.load(int(self._clock()))
            self._reason = ""
        except (CertificateRefused, StoreError) as error:
            self._certificate = None
            self._reason = str(error)

    def install(self, text: bytes) -> None:
        """Put a certificate in force. Raises ``ProblemError``; then the former one stays."""
        try:
            self._store.install(text, int(self._clock()))
        except CertificateRefused as error:
            raise ProblemError(
                problem(
                    "licence.refused",
                    reason=error.detail,
                    certificate_code=error.code.value,
                    extra={"certificate_code": error.code.value},
                )
            ) from None
        except StoreError as error:
            raise ProblemError(
                problem("licence.refused", reason=error, certificate_code="STORE", extra={"certificate_code": "STORE"})
            ) from None
        self.reload()

    def state(self) -> LicenceState:
        """The state right now. A certificate that waited for its time comes into force without being asked to."""
        now = int(self._clock())
        if self._store.pending_due(now):
            self.reload()
        return derive(self._certificate, self._reason, now, self._machine, self._released)

    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        """See ``fiscald.engine.gate.Gate``."""
        if document_type in SAFE_DOCUMENTS:
            return None
        state = self.state()
        if state.refusal is not None:
            return state.refusal
        assert self._certificate is not None
        if MODULE not in self._certificate.modules:
            modules = ", ".join(self._certificate.modules) or "none"
            return problem("licence.module_missing", module=MODULE, modules=modules, extra={"module": MODULE})
        if self.test_keys and identity is not None and not identity.emulated:
            return problem("licence.test_keys", printer_id=identity.printer_id)
        return None

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
        state, certificate = self.state(), self._certificate
        answer: dict[str, Any] = {
            "state": state.name,
            "reason": self._reason or None,
            "warnings": list(state.warnings),
            "days_left": state.days_left,
            "prompt": (state.refusal.model_extra or {}).get("prompt") if state.refusal else None,
            "may_print": state.refusal is None and certificate is not None and MODULE in certificate.modules,
            "machine": self._machine,
            "test_keys": self.test_keys,
        }
        if certificate is not None:
            answer |= {
                "kind": certificate.kind,
                "modules": list(certificate.modules),
                "company": {
                    "name": certificate.company.name,
                    "post": certificate.company.post,
                    "cc": certificate.company.cc,
                    "tin": certificate.company.tin,
                },
                "number": certificate.number_hint,
                "licence": certificate.sub,
                "certificate": certificate.jti,
                "end": _iso(certificate.end),
                "confirm_by": _iso(certificate.exp),
                "updates_until": certificate.upd.isoformat(),
            }
        return answer


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
