"""The token: where it comes from, how long it lives, and what a refusal of it means.

A token is valid for 20 minutes. A printer gives ten in an hour to one of its servers; the eleventh ``GET`` deletes the
current one. ``PATCH`` renews the last one, also after it has expired, and is not counted. So fiscald keeps the token
over connections and restarts, renews it when the printer says that it has expired (401), and counts its own ``GET``
requests: it never sends the tenth. Source: the contract (Token); Novitus reference, section N2.

============ ====================================================================================
kept         meaning
============ ====================================================================================
token        the last token that this server gave
asked        when fiscald asked for a new token in the last hour, by this computer's clock
blocked      the printer gives no new token before then
document     the document of ours that may be confirmed and not finished: ``receipt/ID``
question     the last job that only asks and may be confirmed and not finished: ``status/ID``
looked       the last status job, whose answer shows the printer's state at any time
denied       another document of this server was confirmed: nothing is confirmed before then
waits        since when the same number of documents keeps the printer from a daily report: ``TIME NUMBER``
lost         a job of ours may be stored and left behind: an answer was lost, or fiscald was killed
============ ====================================================================================
"""

from __future__ import annotations

import datetime
import re
from typing import TypeVar

from fiscald.model.problems import problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Dialogue, DialogueAborted, HostTime, Kept, Settings
from fiscald.protocols.conditions import condition_problem
from fiscald.protocols.noviapi.commands import NEW_TOKEN, RENEW_TOKEN, Reply, Request

TOKEN, ASKED, BLOCKED = "token", "asked", "blocked"
DOCUMENT, QUESTION, LOOKED, DENIED, LOST, WAITS = "document", "question", "looked", "denied", "lost", "waits"
T = TypeVar("T")
HOUR = datetime.timedelta(hours=1)
#: How many tokens fiscald asks for in an hour. The printer gives ten; one is left for a technician.
MOST_IN_AN_HOUR = 9
#: Seconds between a request for a token and the one before it, by how many there were in the last hour: a printer that
#: does not answer, or a program that takes the token away, must not use them up within a minute.
BETWEEN_TOKENS = (0, 0, 10, 30, 60, 120, 300, 600, 900)
#: How long nothing is confirmed after another document was found confirmed.
DENIED_FOR = datetime.timedelta(minutes=1)
#: The shortest wait after the printer refused a token, whatever time it names: the two clocks may differ.
SHORTEST_BLOCK = datetime.timedelta(minutes=1)
_TOKEN = re.compile(r"[!-~]{1,4096}", re.ASCII)
_OWN_SERVER = "every program needs its own server (port): 8888 to 8897, in the printer's menu 2.2.2.6 (NOVIAPI)"
_UNLOCK = "the printer's menu unlocks it at once: 3.3.1, 9 ZERUJ NOVIAPI, 2 ODBLOKUJ POBIERANIE TOKENÓW"


def token_of(kept: Kept) -> str:
    """The token; empty: there is none, or what was kept is none."""
    token = kept[TOKEN]
    return token if _TOKEN.fullmatch(token) else ""


def lost_an_id(kept: Kept) -> None:
    """Remember that a job of ours may be stored, and will not be confirmed or removed."""
    kept[LOST] = "yes"


def leaving_nothing(dialogue: Dialogue[T], settings: Settings) -> Dialogue[T]:
    """``dialogue``, which stores jobs that only ask. Wherever it is cut, even by a kill, one of them may stay."""
    kept = settings.kept
    before, kept[LOST] = kept[LOST], "yes"
    result = yield from dialogue
    kept[LOST] = before
    return result


def call(request: Request, settings: Settings) -> Dialogue[Reply]:
    """The answer to an authorised request. Gets and renews the token.

    A refused token (401) means that nothing was executed, so the request is sent again with the renewed token; but not
    a ``PUT``: its caller first asks for the state. Raises ``DialogueAborted``: no token, or the printer's server
    fails.
    """
    kept = settings.kept
    if not token_of(kept):
        yield from _get(kept)
    reply: Reply = yield request.step
    if reply.status == 401:
        yield from _renew(kept)
        if request.method == "PUT":
            return reply
        reply = yield request.step
        if reply.status == 401:
            raise _busy(f"it refuses the token that it has just given; {_OWN_SERVER}")
    if reply.status == 403 and reply.body is not None:
        # The token is deleted. The next connection gets a new one, and asks for the state of our document first.
        now = yield from host_time()
        kept[TOKEN] = ""
        kept[DENIED] = (now + DENIED_FOR).isoformat()
        raise _busy(f"another document of this server is confirmed and not finished; {_OWN_SERVER}")
    if reply.status >= 500 and reply.status != 507:
        raise _busy(f"its server answers HTTP {reply.status}")
    return reply


def _renew(kept: Kept) -> Dialogue[None]:
    reply: Reply = yield RENEW_TOKEN.step
    if reply.status == 200 and _keep_token(kept, reply):
        return
    if reply.status not in (400, 401, 403, 404):
        raise _busy(f"it does not renew the token: HTTP {reply.status}")
    kept[TOKEN] = ""
    yield from _get(kept)


def _get(kept: Kept) -> Dialogue[None]:
    """A new token. Counts the request before it is sent: a lost answer counts too."""
    now = yield from host_time()
    blocked = still_ahead(kept[BLOCKED], now, HOUR + SHORTEST_BLOCK)
    if blocked is not None:
        raise _locked(f"the printer gives no new token before {_told(blocked)} (allowed_refresh_date); {_UNLOCK}")
    asked = [each for each in map(moment, kept[ASKED].split()) if each is not None and now - HOUR < each <= now]
    if len(asked) >= MOST_IN_AN_HOUR:
        until = _told(asked[-MOST_IN_AN_HOUR] + HOUR)
        raise _locked(
            f"fiscald has asked for {len(asked)} tokens in an hour, and waits until {until}, because the printer gives "
            f"ten and then locks: something takes the token away again and again. {_OWN_SERVER}"
        )
    wait = datetime.timedelta(seconds=BETWEEN_TOKENS[len(asked)])
    if asked and now < asked[-1] + wait:
        until = _told(asked[-1] + wait)
        raise _busy(f"fiscald has asked for {len(asked)} tokens in an hour, and asks for the next one at {until}")
    kept[ASKED] = " ".join(each.isoformat(timespec="seconds") for each in (*asked, now))
    reply: Reply = yield NEW_TOKEN.step
    if reply.status == 200 and _keep_token(kept, reply):
        kept[BLOCKED] = ""
        return
    if reply.status == 429 and reply.body is not None:
        until_ = moment(reply.text("exception", "allowed_refresh_date")) or now + HOUR
        blocked = min(max(until_, now + SHORTEST_BLOCK), now + HOUR)
        kept[BLOCKED] = blocked.isoformat(timespec="seconds")
        kept[TOKEN] = ""
        raise _locked(
            f"too many tokens were asked for; the printer gives no new one before {_told(blocked)} "
            f"(allowed_refresh_date); {_UNLOCK}"
        )
    raise strange(NEW_TOKEN, reply)


def _keep_token(kept: Kept, reply: Reply) -> bool:
    token = reply.text("token")
    if _TOKEN.fullmatch(token) is None:
        return False
    kept[TOKEN] = token
    return True


def host_time() -> Dialogue[datetime.datetime]:
    """This computer's time."""
    now: datetime.datetime = yield HostTime()
    return now


def moment(text: str) -> datetime.datetime | None:
    """An aware time; ``None``: it is none."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def still_ahead(text: str, now: datetime.datetime, longest: datetime.timedelta) -> datetime.datetime | None:
    """The time until which a kept rule holds; ``None``: it does not hold any more.

    ``longest``: how far ahead the time was set at most. What lies further ahead was set before this computer's clock
    was put back.
    """
    until = moment(text)
    return until if until is not None and now < until <= now + longest else None


def strange(request: Request, reply: Reply) -> DialogueAborted:
    """The error for an answer that no NoviAPI printer gives: a proxy's page, another server."""
    what = f"HTTP {reply.status}" + (f", {reply.kind}" if reply.kind else "")
    return DialogueAborted(
        condition_problem(
            "wrong_protocol",
            f"what answers there is no NoviAPI server, or one of another version: {request.method} "
            f"{request.path.partition('?')[0]} is answered with {what}",
        )
    )


def _told(when: datetime.datetime) -> str:
    """A time as a person in the shop reads it: by the clock on the wall."""
    return when.astimezone(POLISH_TIME).isoformat(timespec="seconds")


def _busy(reason: str) -> DialogueAborted:
    return DialogueAborted(problem("printer.busy", reason=reason))


def _locked(reason: str) -> DialogueAborted:
    return DialogueAborted(condition_problem("locked", reason))
