"""The pages of the technician: looking for printers, the doctor, the live conversation, what support needs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import quote

import anyio
import anyio.to_thread
from starlette.responses import Response, StreamingResponse

from fiscald.console.languages import Words
from fiscald.console.programs import ProgramFailed
from fiscald.console.visit import Unfit, Visit, url
from fiscald.diagnostics.candidates import Candidate, Configured, candidates
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.probing import Asking, Heard, Probed, probe
from fiscald.diagnostics.proposing import configuration
from fiscald.diagnostics.remedies import REMEDIES_PL
from fiscald.model.rights import Right
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Side, decode
from fiscald.recording.pcapng import Reader, RecordingError
from fiscald.recording.reading import Conversation, Entry
from fiscald.transport import AddressError, parse_address

EVENTS = "text/event-stream; charset=utf-8"
#: Lines of the past that the page of a conversation shows.
PAST = 200
_HEARD = {
    Heard.ANSWER: ("a printer answers", "drukarka odpowiada"),
    Heard.NAMELESS: ("a printer answers, but does not tell who it is", "drukarka odpowiada, ale się nie przedstawia"),
    Heard.ECHO: ("only an echo: a loop in the cable, and no printer", "tylko echo: pętla w kablu, nie ma drukarki"),
    Heard.GARBAGE: ("something answers with another speed or protocol", "coś odpowiada inną prędkością lub protokołem"),
    Heard.NOTHING: ("no answer: is the printer on?", "brak odpowiedzi: czy drukarka jest włączona?"),
    Heard.LOST: ("the link ended: a loose cable?", "połączenie się urwało: luźny kabel?"),
}  # fmt: skip


async def overview(visit: Visit) -> Response:
    """``/console/technician``: what a technician can do here."""
    names, fleet = [each.name for each in await visit.api.printers()], await visit.api.fleet()
    return await visit.page("technician.html", printers=names, fleet=fleet)


async def _demand(visit: Visit, right: Right) -> None:
    if right not in (await visit.api.hello())["rights"]:
        raise Unfit(403)


# -- looking for printers ----------------------------------------------------------------------------------


class Place(NamedTuple):
    """A place where a printer may be, in words."""

    where: str
    what: str
    found: str
    tone: str
    name: str


class Scan(NamedTuple):
    """The result of a scan."""

    results: tuple[Probed, ...]
    configuration: str
    asked: bool


async def _candidates(visit: Visit, named: str) -> list[Candidate]:
    """Every place. Raises ``AddressError`` for a named one that is none."""
    configured = [
        Configured(each.name, each.family, parse_address(each.address), each) for each in await visit.api.printers()
    ]
    return await anyio.to_thread.run_sync(lambda: candidates(Host(), configured, (named,) if named else ()))


async def scan(visit: Visit) -> Response:
    """``/console/technician/scan``: the last result, or the places that are known without asking."""
    named = visit.query.get("port", "")[:200]
    result = visit.session.scan
    mistake = ""
    if result is None or named:
        try:
            found = await _candidates(visit, named)
        except AddressError as error:
            mistake, found = visit.t(f"{error}", f"Nieprawidłowy adres: {error}"), await _candidates(visit, "")
        result = Scan(tuple(map(Probed, found)), "", asked=False)
    return await _scan_page(visit, result, running=visit.query.get("run") == "yes" and not mistake, mistake=mistake)


async def start_scan(visit: Visit) -> Response:
    """The button: the next page runs the scan and shows how far it is."""
    await _demand(visit, Right.CONFIGURE)
    visit.session.scan = None
    return visit.go("technician/scan", run="yes", port=visit.form["port"][:200])


async def _scan_page(visit: Visit, result: Scan, *, running: bool, mistake: str) -> Response:
    port = visit.query.get("port", "")
    return await visit.page(
        "scan.html",
        422 if mistake else 200,
        places=[_place(visit.t, each, asked=result.asked) for each in result.results],
        configuration=result.configuration,
        asked=result.asked,
        running=running,
        run=url("technician/scan/run", port=port),
        port=port,
        mistake=mistake,
        unseen=any(each.candidate.unseen for each in result.results),
    )


async def run_scan(visit: Visit) -> Response:
    """Ask every place, and tell the progress as events; the result is kept in the session."""
    await _demand(visit, Right.CONFIGURE)
    if visit.request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Unfit(403)
    return StreamingResponse(_scanning(visit), media_type=EVENTS)


async def _scanning(visit: Visit) -> AsyncIterator[bytes]:
    t, host, results = visit.t, Host(), []
    told: list[Asking] = []
    try:
        found = await _candidates(visit, visit.query.get("port", ""))
    except AddressError:
        found = await _candidates(visit, "")
    for number, each in enumerate(found, start=1):
        where = each.device or str(each.address)
        yield _event("progress", {"text": t(f"{number} of {len(found)}: {where}", f"{number} z {len(found)}: {where}")})
        if each.refusal:
            results.append(Probed(each))
            continue
        done: list[Probed] = []

        async def ask(candidate: Candidate = each, done: list[Probed] = done) -> None:
            done.append(await probe(candidate, host, asking=told.append))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            shown = 0
            while not done:
                await anyio.sleep(0.2)
                if len(told) > shown:
                    shown = len(told)
                    yield _event("progress", {"text": _asking(t, told[-1])})
        results += done
    visit.session.scan = Scan(tuple(results), configuration(results), asked=True)
    yield _event("done", {"to": url("technician/scan")})


def _asking(t: Words, attempt: Asking) -> str:
    where = attempt.candidate.device or str(attempt.address)
    baud = getattr(attempt.address, "baud", None)
    speed = f", {baud} bit/s" if baud is not None else ""
    return t(
        f"Asking {where} as {attempt.family}{speed} ({attempt.number} of at most {attempt.of})",
        f"Pytam {where} jako {attempt.family}{speed} ({attempt.number} z najwyżej {attempt.of})",
    )


def _place(t: Words, result: Probed, *, asked: bool) -> Place:
    candidate, answer, best = result.candidate, result.answer, result.best
    where = candidate.device or str(candidate.address)
    name = "" if candidate.configured is None else candidate.configured.name
    identity = answer.introduction.identity if answer is not None and answer.introduction is not None else None
    if answer is not None and identity is not None:
        return Place(where, candidate.what, f"{identity.model or answer.family}, {identity.printer_id}", "good", name)
    if candidate.configured is not None and candidate.configured.status is not None:
        own = t("fiscald uses it", "używa jej fiscald")
        known = candidate.configured.status.identity
        return Place(
            where, candidate.what, own if known is None else f"{own}: {known.model or ''}".strip(), "good", name
        )
    if candidate.holders:
        return Place(where, candidate.what, t("another program uses it: ", "używa jej inny program: ") + ", ".join(
            map(str, candidate.holders)), "warn", name)  # fmt: skip
    if candidate.refusal is not None:
        return Place(
            where,
            candidate.what,
            t("not asked: not known to be a printer", "bez pytania: nie wiadomo, czy to drukarka"),
            "",
            name,
        )
    if result.problem is not None and not result.attempts:
        return Place(where, candidate.what, f"{t('not opened', 'nie otwarto')}: {result.problem}", "bad", name)
    if best is not None:
        return Place(where, candidate.what, t(*_HEARD[best.heard]), "bad", name)
    return Place(where, candidate.what, t("nothing", "nic") if asked else t("can be asked", "można zapytać"), "", name)


def _event(name: str, content: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()


# -- the doctor --------------------------------------------------------------------------------------------


async def doctor(visit: Visit) -> Response:
    """``/console/technician/doctor``: everything that stops printing, each with its remedy."""
    await _demand(visit, Right.CONFIGURE)
    if not visit.is_part and visit.query.get("now") != "yes":
        return await visit.page("doctor.html", found=None, failed="", remedies={})
    try:
        found = await visit.programs.answer("doctor")
    except ProgramFailed as error:
        return await visit.page("doctor.html", found=None, failed=str(error), remedies={})
    remedies = {f"doctor.{code}": words for code, words in REMEDIES_PL.items()} if visit.t.polish else {}
    return await visit.page("doctor.html", found=found["findings"], failed="", remedies=remedies)


# -- the conversation --------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A line of a conversation."""

    kind: str
    """``sent``, ``received``, ``wrong`` or ``event``; and ``program`` for a line between a program and the gateway."""
    text: str


def line_of(t: Words, entry: Entry, *, of_document: bool = False) -> Line:
    """A frame or an event. ``of_document``: all lines are of one program, and have the values in place of the text."""
    at = f"{entry.at.astimezone(POLISH_TIME):%H:%M:%S.%f}"[:-3]
    frame = entry.frame
    of_program = not of_document and entry.side is Side.PROGRAM
    if of_program:
        at += f" {entry.side}"
    kinds = " program" if of_program else ""
    if frame is None:
        return Line(f"event{kinds}", f"{at}  {entry.event.name.lower()} {entry.note}".rstrip())
    arrow = "→" if entry.direction is Direction.SENT else "←"
    text = frame.text.replace("\\t", " | ") or frame.raw[:200].hex(" ")
    said = [f"{at} {arrow} {text[:1000]}"]
    if of_document and frame.name:
        said = [f"{at} {arrow} {frame.name}"]
    if frame.meaning:
        said.append(frame.meaning)
    if of_document and frame.fields:
        said.append(", ".join(f"{each.meaning or each.name} {each.value}" for each in frame.fields)[:1000])
    if frame.error is not None:
        said.append(frame.error.text)
    if frame.damage is not None:
        said.append(t(f"damaged: {frame.damage}", f"uszkodzone: {frame.damage}"))
    wrong = frame.damage is not None or frame.error is not None
    kind = "wrong" if wrong else "sent" if entry.direction is Direction.SENT else "received"
    return Line(kind + kinds, "  ·  ".join(said))


async def conversation(visit: Visit) -> Response:
    """``/console/technician/conversation?name=``: the last lines, and then every new one as it comes."""
    found = await visit.api.printer(visit.query.get("name", ""))
    kept = await visit.api.capture(found.name)
    lines, failed = [], ""
    try:
        lines = await anyio.to_thread.run_sync(_past, visit.t, kept)
    except RecordingError as error:
        failed = str(error)
    return await visit.page("conversation.html", printer=found, lines=lines, failed=failed)


def _past(t: Words, kept: bytes) -> list[Line]:
    talk, found = Conversation(), []
    for captured in Reader().feed(kept):
        found += [line_of(t, entry) for entry in talk.take(decode(captured))]
        del found[:-PAST]
    return found


async def follow(visit: Visit) -> Response:
    """Every new line, as events."""
    name = visit.query.get("name", "")
    await visit.api.printer(name)  # refused before the stream begins
    return StreamingResponse(_following(visit, name), media_type=EVENTS)


async def _following(visit: Visit, name: str) -> AsyncIterator[bytes]:
    talk, reader = Conversation(), Reader()
    path = f"/v1/printers/{quote(name, safe='')}/capture"
    yield b": begins\n\n"
    async with visit.api.stream("GET", path, {"follow": "true"}) as (response, parts):
        if response.status_code != 200:
            return
        async for part in parts:
            for captured in reader.feed(part):
                for entry in talk.take(decode(captured)):
                    yield _event("line", line_of(visit.t, entry)._asdict())


async def capture(visit: Visit) -> Response:
    """The flight recorder as a file."""
    found = await visit.api.printer(visit.query.get("name", ""))
    content = await visit.api.capture(found.name)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}.pcapng"'}
    return Response(content, media_type="application/x-pcapng", headers=headers)


async def bugreport(visit: Visit) -> Response:
    """Everything for support, without secrets and personal data, as a file."""
    await _demand(visit, Right.CONFIGURE)
    try:
        content = await visit.programs.run("bugreport", "-o", "-")
    except ProgramFailed as error:
        return await visit.page("technician.html", 500, printers=[], fleet=None, failed=str(error))
    headers = {"Content-Disposition": 'attachment; filename="fiscald-report.tar.gz"'}
    return Response(content, media_type="application/gzip", headers=headers)
