"""Whether the engine accepts a new document for a printer, and what the printer would make of it."""

from __future__ import annotations

import anyio

from fiscald.engine.actor import Actor
from fiscald.engine.gate import Gate
from fiscald.model.documents import Document
from fiscald.model.preview import Preview
from fiscald.model.problems import ProblemError, problem
from fiscald.protocols.base import Check, summarize


class Admission:
    """Checks new documents: the family must know them, the licence must allow them, the printer must be able to print
    them.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._checker: anyio.CapacityLimiter | None = None

    async def check(self, actor: Actor, document: Document) -> Check:
        """Check a new document. Raises ``ProblemError`` if the engine cannot accept it.

        A long document is checked in a thread, because everything else would have to wait.
        """
        if not document.long:
            return self._check(actor, document)
        self._checker = self._checker or anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(self._check, actor, document, limiter=self._checker)

    def preview(self, actor: Actor, document: Document) -> Preview:
        """What the printer would make of a document. Raises ``ProblemError`` as ``check`` would."""
        check = self._check(actor, document)
        snapshot, options = actor.snapshot, actor.settings.options.model_dump()
        return Preview(
            printer=actor.printer.name,
            family=actor.printer.family.name,
            profile=options.get("profile"),
            code_page=options.get("code_page"),
            vat=snapshot.rates if snapshot else None,
            document=document,
            totals=check.totals,
            warnings=check.notices,
        )

    def _check(self, actor: Actor, document: Document) -> Check:
        family = actor.printer.family
        found = family.capability(document.type, actor.settings, actor.snapshot)
        if not found.supported:
            raise ProblemError(
                problem(
                    "document.unsupported",
                    printer=actor.printer.name,
                    family=family.name,
                    document=document.type,
                    why=found.why,
                    documents=", ".join(family.supported(actor.settings, actor.snapshot)),
                )
            )
        refused = self._gate.refuses(document.type, actor.identity)
        if refused is not None:
            raise ProblemError(refused)
        check = family.check(document, actor.settings, actor.snapshot)
        if check.errors:
            reason, reason_pl = summarize(check.errors)
            raise ProblemError(problem("document.refused", reason=reason, reason_pl=reason_pl, errors=check.errors))
        return check
