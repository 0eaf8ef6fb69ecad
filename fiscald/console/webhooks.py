"""The page of the webhooks: whether messages reach their receivers, and what was given up."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from fiscald.api.calling import Refused
from fiscald.console.languages import Words
from fiscald.console.visit import Unfit, Visit
from fiscald.console.wording import Told
from fiscald.model.jobs import JobState
from fiscald.model.webhooks import WebhookEvent, WebhookState

#: Dead letters on a page.
LETTERS = 50
_STATES: dict[WebhookState, tuple[str, str, str, str, str]] = {
    WebhookState.ACTIVE: ("Messages arrive", "Komunikaty dochodzą", "good", "", ""),
    WebhookState.FAILING: (
        "The last try failed", "Ostatnia próba się nie udała", "warn",
        "fiscald tries again by itself, for four days. No document waits for this.",
        "Program sam ponawia próby przez cztery dni. Żaden dokument na to nie czeka."),
    WebhookState.NO_SECRET: (
        "No secret: nothing is sent", "Brak klucza", "bad",
        "Messages wait. An administrator makes the secret file with this command, or mends the reason:",
        "Komunikaty czekają. Administrator tworzy tym poleceniem plik z kluczem albo usuwa przyczynę:"),
    WebhookState.GONE: (
        "The receiver refuses all", "Odbiorca odmawia", "bad",
        "New messages are given up at once. When the receiver is back, send a test message: a good answer ends this.",
        "Nowe komunikaty odkładamy od razu. Gdy odbiorca wróci, wyślij komunikat próbny: dobra odpowiedź to kończy."),
}  # fmt: skip
_EVENTS = {
    WebhookEvent(f"job.{state}"): words
    for state, words in (
        (JobState.ACCEPTED, ("accepted", "przyjęty")),
        (JobState.RUNNING, ("in progress", "w toku")),
        (JobState.DONE, ("printed", "wydrukowany")),
        (JobState.FAILED, ("not printed", "niewydrukowany")),
        (JobState.UNDECIDED, ("undecided", "nierozstrzygnięty")),
    )
}


def state_in_words(t: Words, state: WebhookState) -> Told:
    """Whether messages reach the receiver."""
    english, polish, tone, _, _ = _STATES[state]
    return Told(t(english, polish), tone)


def state_means(t: Words, state: WebhookState) -> str:
    """What happens meanwhile, and what a person does; empty: nothing is wrong."""
    *_, english, polish = _STATES[state]
    return t(english, polish)


def event_in_words(t: Words, event: WebhookEvent) -> str:
    """What a message reports about its document."""
    return t(*_EVENTS[event])


async def webhooks(visit: Visit) -> Response:
    """``/console/technician/webhooks``: every webhook and its state."""
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, **facts: Any) -> Response:
    t = visit.t
    found = [
        (
            each,
            state_in_words(t, each.state),
            state_means(t, each.state),
            [event_in_words(t, one) for one in each.events],
        )
        for each in await visit.api.webhooks()
    ]
    return await visit.page("webhooks.html", status, webhooks=found, **{"tested": None, "problem": None, **facts})


async def test(visit: Visit) -> Response:
    """Send a test message, and say what the receiver answered."""
    name = visit.form["name"] or "-"
    try:
        outcome = await visit.api.test_webhook(name)
    except Refused as refused:
        return await _page(visit, refused.status, problem=refused.problem)
    return await _page(visit, tested=(name, outcome))


async def dead(visit: Visit) -> Response:
    """``/console/technician/webhooks/dead?name=``: the messages that were given up, oldest first."""
    after = visit.query.get("after", "0")
    if not after.isdecimal() or len(after) > 15:
        raise Unfit(404)
    return await _dead_page(visit, visit.query.get("name") or "-", int(after))


async def _dead_page(visit: Visit, name: str, after: int = 0, status: int = 200, **facts: Any) -> Response:
    page = await visit.api.dead_letters(name, after=after, limit=LETTERS)
    letters = [(each, event_in_words(visit.t, each.type)) for each in page.dead]
    return await visit.page(
        "dead_letters.html",
        status,
        name=name,
        letters=letters,
        after=after,
        next=page.next,
        **{"resent": None, "problem": None, **facts},
    )


async def resend(visit: Visit) -> Response:
    """Send one dead letter again, or with no ``id`` all of them."""
    name, chosen = visit.form["name"] or "-", visit.form["id"]
    if chosen and (not chosen.isdecimal() or len(chosen) > 15 or not int(chosen)):
        raise Unfit(400)
    try:
        done = await visit.api.resend(name, (int(chosen),) if chosen else None)
    except Refused as refused:
        return await _dead_page(visit, name, status=refused.status, problem=refused.problem)
    return await _dead_page(visit, name, resent=done.resent)
