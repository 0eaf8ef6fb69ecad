"""Jobs that only ask: stored, confirmed, and followed to their end. And what keeps this server from taking one."""

from __future__ import annotations

from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import Dialogue, DialogueAborted, Effect, Pause, Settings
from fiscald.protocols.conditions import condition_problem, state_of
from fiscald.protocols.noviapi.access import (
    DENIED,
    DENIED_FOR,
    DOCUMENT,
    LOOKED,
    QUESTION,
    call,
    host_time,
    still_ahead,
    strange,
)
from fiscald.protocols.noviapi.codes import of_exception
from fiscald.protocols.noviapi.commands import (
    DAILY_REPORT,
    ENDPOINTS,
    ID,
    QUEUE,
    SHORT_POLL,
    Endpoint,
    Reply,
    Request,
    ask,
    confirm,
    drop,
    store,
)
from fiscald.protocols.novitus_errors import lookup
from fiscald.protocols.proof.own_id import State

#: How often the state of a job that only asks is asked for, each time for two seconds.
POLLS = 10
#: The last status that a look asks for. Its id is kept: asked for again, it shows the printer's state.
LAST_OF_A_LOOK = {"type": "fiscal_memory"}
#: The exception "waiting for execute daily report".
REPORT_WAITS = 11
#: Seconds between two questions, should the printer not wait itself.
BETWEEN = 0.3

_STATES = {
    "STORED": State.STORED, "CONFIRMED": State.OPEN, "QUEUED": State.OPEN, "PENDING": State.OPEN, "DONE": State.DONE,
    "ERROR": State.REFUSED,
}  # fmt: skip


def state_of_job(request: Request, reply: Reply) -> State | None:
    """What the printer reports about an id; ``None``: that it does not know what became of it (``UNKNOWN``).

    Raises ``DialogueAborted`` for an answer that makes no sense.
    """
    if reply.status == 404 and reply.exception == 1:
        return State.UNKNOWN
    said = reply.text("request", "status")
    if reply.status != 200 or (said != "UNKNOWN" and said not in _STATES):
        raise strange(request, reply)
    return _STATES.get(said)


def removed(reply: Reply) -> bool:
    """Whether the printer says that it has removed something; a proxy's page says nothing, whatever its status."""
    return reply.status == 200 and "DELETED" in (reply.text("request", "status"), reply.text("status"))


def stored_requests(settings: Settings) -> Dialogue[int]:
    """How many jobs of this server are stored or wait. Raises ``DialogueAborted``."""
    reply = yield from call(QUEUE, settings)
    number = reply.number("requests_in_queue")
    if number is None:
        raise strange(QUEUE, reply)
    return number


def device_problem(reply: Reply) -> Problem | None:
    """What the printer reports about itself beside the state of a job; ``None``: it is ready."""
    if reply.text("device", "status") != "ERROR":
        return None
    number = reply.number("device", "error", "code")
    code = lookup(number or 0)
    said = reply.text("device", "error", "description")[:200]
    if code.condition is None:
        return condition_problem("attention", f"it reports: {said or code.text} ({number})", said or code.text_pl)
    return condition_problem(code.condition, f"{code.text} ({number})", code.text_pl, device_code=str(number))


def condition_of(reply: Reply) -> Condition:
    """The same as a condition."""
    found = device_problem(reply)
    if found is None:
        return Condition(state=PrinterState.READY)
    return Condition(state=state_of(found) or PrinterState.ATTENTION, problem=found)


def new_id(request: Request, reply: Reply) -> str:
    """The id of a stored job. Raises ``DialogueAborted``."""
    own_id = reply.text("request", "id")
    if reply.status != 201 or ID.fullmatch(own_id) is None:
        raise strange(request, reply)
    return own_id


def free_server(settings: Settings) -> Dialogue[None]:
    """Make sure that nothing is confirmed at this server, before something else is confirmed.

    A document of ours that an interruption left behind is asked for first. Raises ``DialogueAborted``: it is still
    being carried out, or another program's is.
    """
    kept = settings.kept
    stored = False
    name, _, own_id = kept[DOCUMENT].partition("/")
    if name in ENDPOINTS and ID.fullmatch(own_id):
        state = yield from _not_carried_out(ENDPOINTS[name], own_id, "a document of fiscald", settings)
        stored = state is State.STORED
    if not stored:
        kept[DOCUMENT] = ""
    if kept[DENIED]:
        now = yield from host_time()
        waiting = yield from stored_requests(settings)
        if waiting > stored and still_ahead(kept[DENIED], now, DENIED_FOR) is not None:
            raise DialogueAborted(
                problem("printer.busy", reason=f"{waiting} documents of other programs wait at the same server")
            )
    kept[DENIED] = ""


def run(endpoint: Endpoint, content: object, settings: Settings) -> Dialogue[Reply]:
    """Carry out a job that only asks, and return the answer with its result. Raises ``DialogueAborted``."""
    yield from _take_back(settings)
    request = store(endpoint, content, Effect.QUERY)
    reply = yield from call(request, settings)
    if reply.status == 409 and (yield from _remove_report(reply, settings)):
        reply = yield from call(request, settings)
    if reply.status in (400, 409, 507):
        raise refused_question(endpoint, reply)
    own_id = new_id(request, reply)
    settings.kept[QUESTION] = f"{endpoint.name}/{own_id}"
    yield from call(confirm(endpoint, own_id, Effect.QUERY), settings)
    for poll in range(POLLS):
        if poll:
            yield Pause(BETWEEN)
        # With a timeout the printer waits for another state than it has told, so the first question has none.
        question = ask(endpoint, own_id, SHORT_POLL if poll else 0)
        reply = yield from call(question, settings)
        state = state_of_job(question, reply)
        if state not in (State.OPEN, State.STORED):
            settings.kept[QUESTION] = ""
        match state:
            case State.DONE:
                if content == LAST_OF_A_LOOK:
                    settings.kept[LOOKED] = own_id
                return reply
            case State.REFUSED:
                code = lookup(reply.number("request", "error", "code") or 0)
                raise _unanswered(endpoint, f"{code.text} ({code.number})", code.text_pl, code.condition)
            case State.UNKNOWN:
                raise _unanswered(endpoint, "it forgot the question", "", "busy")
            case State.STORED:
                yield from call(confirm(endpoint, own_id, Effect.QUERY), settings)
    yield from _take_back(settings)
    raise DialogueAborted(
        device_problem(reply) or problem("printer.busy", reason="it stores questions and does not answer them")
    )


def _remove_report(reply: Reply, settings: Settings) -> Dialogue[bool]:
    """Whether the daily report that keeps the printer from taking requests (11) was ours, and is removed.

    At this server only fiscald stores documents. A report that is stored there, while fiscald asks something, is one
    whose id was lost with the answer: fiscald confirms the id of a stored report before it asks anything.
    """
    own_id = reply.text("daily_report_id")
    if reply.exception != REPORT_WAITS or ID.fullmatch(own_id) is None:
        return False
    request = ask(DAILY_REPORT, own_id)
    if state_of_job(request, (yield from call(request, settings))) is not State.STORED:
        return False
    return removed((yield from call(drop(DAILY_REPORT, own_id, Effect.QUERY), settings)))


def _take_back(settings: Settings) -> Dialogue[None]:
    """Remove a question that an interruption left behind: confirmed, it would cost the next ``PUT`` the token (403).

    Raises ``DialogueAborted``: it is being carried out.
    """
    name, _, own_id = settings.kept[QUESTION].partition("/")
    if name in ENDPOINTS and ID.fullmatch(own_id):
        reply = yield from call(drop(ENDPOINTS[name], own_id, Effect.QUERY), settings)
        if not removed(reply):
            yield from _not_carried_out(ENDPOINTS[name], own_id, "a question of fiscald", settings)
    settings.kept[QUESTION] = ""


def _not_carried_out(endpoint: Endpoint, own_id: str, what: str, settings: Settings) -> Dialogue[State | None]:
    """What the printer reports about a job of ours. Raises ``DialogueAborted``: it is being carried out."""
    request = ask(endpoint, own_id)
    for _ in range(2):  # the line may have damaged the id in the first one
        reply = yield from call(request, settings)
        state = state_of_job(request, reply)
        if state is State.OPEN:
            raise DialogueAborted(
                device_problem(reply) or problem("printer.busy", reason=f"it is still carrying out {what}")
            )
        if state is not State.UNKNOWN:
            break
    return state


def refused_question(endpoint: Endpoint, reply: Reply) -> DialogueAborted:
    """The error for a question that the printer does not store."""
    code = of_exception(reply.exception, reply.status)
    return _unanswered(endpoint, f"{code.text} ({said(reply)})", code.text_pl, code.condition)


def said(reply: Reply) -> str:
    """How the printer words a refusal: its number and its own texts."""
    errors = reply.get("exception", "errors")
    texts = [each[:200] for each in errors[:10] if isinstance(each, str)] if isinstance(errors, list) else []
    parse = reply.text("exception", "parse_error", "description")
    return "; ".join(filter(None, (f"{reply.status}/{reply.exception}", *texts, parse[:200])))


def _unanswered(endpoint: Endpoint, text: str, text_pl: str, condition: str | None) -> DialogueAborted:
    reason = f"the printer does not answer {endpoint.name}: {text}"
    return DialogueAborted(condition_problem(condition or "out_of_order", reason, text_pl))
