"""The timeline of a document: what happened to it, when, and why, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from fiscald.api.wire import JobAnswer, JobEvents
from fiscald.console import wording
from fiscald.console.languages import Words
from fiscald.model.jobs import JobEvent, Phase, Resolution
from fiscald.model.problems import Problem

#: Most events on a page. A document that is printed at once has three.
MOST = 100


class Moment(NamedTuple):
    """One step of the timeline."""

    at: datetime | None
    """``None``: now."""
    text: str
    why: str = ""
    tone: str = ""
    """``good``, ``warn``, ``bad`` or nothing: never the only sign of what happened."""


def told(t: Words, job: JobAnswer, found: JobEvents) -> list[Moment]:
    """The steps in order; the last one is what it waits for now, if it waits."""
    moments = [*_moments(t, job, found.events)]
    if found.next is not None:
        moments.append(
            Moment(None, t("And more: fiscalctl job KEY --events", "I dalsze: fiscalctl job KLUCZ --events"))
        )
    elif job.waiting is not None and not job.state.final:
        moments.append(Moment(None, t("Now it waits.", "Teraz czeka."), t.of(job.waiting), "warn"))
    return moments


def _moments(t: Words, job: JobAnswer, events: tuple[JobEvent, ...]) -> Iterator[Moment]:
    begun, done = 0, False
    for event in events:
        why = _why(t, event.problem)
        match event.phase:
            case _ if event.resolution is not None:
                yield _decided(t, event, event.resolution)
            case Phase.ACCEPTED if not begun and not why:
                yield Moment(event.at, t("A program handed it over.", "Program przekazał dokument."))
            case Phase.ACCEPTED:
                text = t(
                    "It was not printed, and waits for another try.", "Nie wydrukowano go; czeka na kolejną próbę."
                )
                yield Moment(event.at, text, why, "warn")
            case Phase.STARTED | Phase.COMMITTING if why:
                text = t(
                    "It was interrupted. fiscald looks at the printer to find out whether it was printed.",
                    "Przerwano go. Program sprawdza w drukarce, czy dokument został wydrukowany.",
                )
                yield Moment(event.at, text, why, "warn")
            case Phase.STARTED | Phase.COMMITTING:
                begun += 1
                again = t("Printing began again.", "Ponownie rozpoczęto wydruk.")
                yield Moment(event.at, again if begun > 1 else t("Printing began.", "Rozpoczęto wydruk."))
            case Phase.DONE if done:
                yield Moment(
                    event.at, t("The printer reported news of the e-receipt.", "Drukarka podała nowy stan e-paragonu.")
                )
            case Phase.DONE:
                done = True
                yield Moment(event.at, _registered(t, job), "", "good")
            case Phase.FAILED:
                yield Moment(event.at, t("It was not printed.", "Nie wydrukowano go."), why, "bad")
            case Phase.UNDECIDED:
                text = t("It cannot be known whether it was printed.", "Nie da się ustalić, czy został wydrukowany.")
                yield Moment(event.at, text, why, "bad")


def _why(t: Words, problem: Problem | None) -> str:
    if problem is None:
        return ""
    cause = str((problem.model_extra or {}).get("cause", ""))
    return wording.cause(t, cause) or t.of(problem)


def _registered(t: Words, job: JobAnswer) -> str:
    result = job.result
    if result is None or result.number is None:
        return t("The printer did it.", "Drukarka go wykonała.")
    clock = "" if result.printed_at is None else f"{result.printed_at:%H:%M:%S}"
    by_clock = t(f" (its own clock: {clock})", f" (jej zegar: {clock})") if clock else ""
    return t(
        f"The printer registered it under the number {result.number}{by_clock}.",
        f"Drukarka zarejestrowała go pod numerem {result.number}{by_clock}.",
    )


def _decided(t: Words, event: JobEvent, decision: Resolution) -> Moment:
    printed = decision.verdict == "printed"
    number = "" if decision.number is None else t(f", number {decision.number}", f", numer {decision.number}")
    verdict = (
        t("it was printed", "został wydrukowany") if printed else t("it was not printed", "nie został wydrukowany")
    )
    note = f"„{decision.note}”" if decision.note else ""
    return Moment(event.at, f"{decision.by}: {verdict}{number}.", note, "good" if printed else "bad")
