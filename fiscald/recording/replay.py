"""A recording played again: its commands to an emulated printer, or its answers to a driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import anyio

from fiscald.protocols import family
from fiscald.protocols.base import Answer, DialogueAborted, Effect, Settings, Step
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.protocols.driving import drive_sync
from fiscald.recording.identify import MAX_UNANSWERED, Disturbed, identify
from fiscald.recording.reading import Turn, decoder
from fiscald.transport import Address, ByteStream, LinkError


class NotPlayed(Exception):
    """A recording cannot be played there (any more); ``str`` says why, and what of it was sent."""


class _NotRecorded(Exception):
    """A recording lacks an answer."""


@dataclass
class Report:
    """What became of a recording that was played."""

    played: int = 0
    """Commands."""
    differences: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    """Differences that every other printer has: its number, clock, counters, totals; and whatever it says of itself
    before anything was changed."""
    changed: bool = False
    """Whether a command was played that is no query."""


def recorded_profile(connections: Sequence[Sequence[Turn]], family_name: str) -> str | None:
    """The profile of the recorded printer by what it says of itself; ``None`` where the recording lacks that."""
    known = family(family_name)
    settings = Settings("replay", known.options())
    session = known.session(settings)
    printer = ScriptedPrinter(connections, family_name, over=lambda: None)

    def exchange(step: Step) -> object:
        printer.receive(session.send(step.command), 0.0)
        for event in session.receive(printer.poll(0.0)):
            if isinstance(event, Answer):
                return event.reply
        raise _NotRecorded

    try:
        return drive_sync(known.read_status(settings), exchange).identity.profile
    except (_NotRecorded, DialogueAborted):
        return None


# -- the host's side -------------------------------------------------------------------------------------


async def play_host(
    connections: Sequence[Sequence[Turn]], family_name: str, address: Address, *, seconds: float = 5.0
) -> Report:
    """Send every command to the printer at ``address`` and compare its answers with the recorded ones.

    A receipt that is played on a real printer is printed, and registered, once more. So the printer is asked
    for its unique number first, on every connection; only an emulated printer is played to, and there is no way
    around that. ``seconds``: how long an answer is waited for. Raises ``NotPlayed`` or ``LinkError``.
    """
    report = Report()
    for connection in connections:
        async with await address.open() as stream:
            sent = f"{report.played} commands were sent before" if report.played else "nothing was sent"
            await _make_sure(stream, family_name, address, seconds, sent)
            await _play(stream, connection, family_name, report, seconds)
    return report


async def _make_sure(stream: ByteStream, family_name: str, address: Address, seconds: float, sent: str) -> None:
    """Raises ``NotPlayed`` unless an emulated printer answers; ``sent``: what was, until now."""
    try:
        found = await identify(stream, family(family_name), first=seconds, later=seconds)
    except TimeoutError:
        raise NotPlayed(f"no reply as a {family_name} printer at {address}; {sent}") from None
    except Disturbed as error:
        raise NotPlayed(f"the line is disturbed: {error}; {sent}") from None
    except DialogueAborted as error:
        raise NotPlayed(f"the printer at {address} cannot be asked for its unique number: {error}; {sent}") from None
    if not found.identity.emulated:
        raise NotPlayed(
            f"the printer at {address} is {found.identity.printer_id!r}, not an emulated one: "
            f"what is played would be printed and registered again; {sent}"
        )


async def _play(
    stream: ByteStream, connection: Sequence[Turn], family_name: str, report: Report, seconds: float
) -> None:
    names = decoder(family_name)
    owed: list[tuple[str, DecodedFrame]] = []
    pending: list[DecodedFrame] = []
    for turn in connection:
        owed += [(turn.name, answer) for answer in turn.answers]
        names.feed(Direction.SENT, turn.command.raw)
        report.played += 1
        report.changed |= turn.command.effect is not Effect.QUERY
        if not turn.command.raw:
            continue  # it lies inside of the next one
        try:
            await stream.send(turn.command.raw)
            unanswered = 0
            with anyio.move_on_after(seconds):
                while len(pending) < len(owed) and unanswered <= MAX_UNANSWERED:
                    data = await stream.receive()
                    unanswered += len(data)
                    pending += names.feed(Direction.RECEIVED, data)
        except LinkError as error:
            report.differences.append(f"{turn.name}: the link was lost: {error}")
            return
        for name, wanted in owed:
            if pending:
                _compare(name, wanted, pending.pop(0), report)
            elif not wanted.damage:
                report.differences.append(f"{name}: no answer within {seconds:g} s; recorded: {_brief(wanted)}")
        report.differences += [f"{turn.name}: not recorded; now {_brief(frame)}" for frame in pending]
        owed, pending = [], []


def _compare(name: str, wanted: DecodedFrame, got: DecodedFrame, report: Report) -> None:
    if wanted.damage:
        return  # the line disturbed it then
    same = [field.name for field in wanted.fields] == [field.name for field in got.fields]
    if got.damage or not same or (wanted.name, wanted.error) != (got.name, got.error):
        report.differences.append(f"{name}: recorded {_brief(wanted)}; now {_brief(got)}")
    elif not wanted.fields and wanted.text != got.text:
        report.differences.append(f"{name}: recorded {wanted.text!r}; now {got.text!r}")
    for before, now in zip(wanted.fields, got.fields, strict=False) if same else ():
        if before.text != now.text:
            what = f"{name} {before.name} ({before.meaning or 'not known'}): recorded {before.value}; now {now.value}"
            (report.differences if report.changed and not before.volatile else report.own).append(what)


def _brief(frame: DecodedFrame) -> str:
    if frame.damage:
        return f"{frame.raw.hex(' ')} ({frame.damage})"
    error = f" ({frame.error.text})" if frame.error else ""
    return " ".join([frame.name, *(f"{field.name}={field.text}" for field in frame.fields)]) + error


# -- the printer's side ----------------------------------------------------------------------------------


class ScriptedPrinter:
    """A printer that answers from a recording; plugged in like an emulated one.

    What changes something must come in the recorded order, and is answered as it was. A query is answered with what
    was recorded between the same two changes, or else with the latest answer before, or the next one after. The
    first command that the recording does not have is a deviation: from then on nothing is answered.
    """

    def __init__(self, connections: Iterable[Iterable[Turn]], family_name: str, *, over: Callable[[], None]) -> None:
        """``over`` is called at a deviation, and when the host goes after everything was played."""
        self.powered = True
        self.second_caller_seconds = 1.0
        self.hangs_up = False
        self.deviation: str | None = None
        self.played = 0
        """Commands that changed something."""
        self._turns = [turn for connection in connections for turn in connection if not turn.command.damage]
        self._changes = [place for place, turn in enumerate(self._turns) if turn.command.effect is not Effect.QUERY]
        self._used: dict[str, int] = {}
        self._family = family_name
        self._decoder = decoder(family_name)
        self._over = over
        self._out = b""

    @property
    def left(self) -> list[str]:
        """Commands that would change something and did not come."""
        return [self._turns[place].name for place in self._changes[self.played :]]

    def connected(self, now: float) -> None:
        """A host has come; the printer is silent until it sends something."""

    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrived."""
        for frame in self._decoder.feed(Direction.SENT, data):
            if frame.damage or self.deviation is not None:
                continue  # noise is not answered
            turn = self._query(frame) if frame.effect is Effect.QUERY else self._change(frame)
            if turn is not None:
                self._out += b"".join(answer.raw for answer in turn.answers)

    def poll(self, now: float) -> bytes:
        """The bytes to send."""
        out, self._out = self._out, b""
        return out

    def wakeup(self) -> float | None:
        """Nothing happens by itself."""
        return None

    def disconnected(self) -> None:
        """The host has gone."""
        self._decoder = decoder(self._family)
        self._out = b""
        if not self.left:
            self._over()

    def _query(self, frame: DecodedFrame) -> Turn | None:
        following = self._changes[self.played] if self.played < len(self._changes) else len(self._turns)
        last = self._changes[self.played - 1] if self.played else -1
        places = [place for place, turn in enumerate(self._turns) if turn.command.text == frame.text]
        used = self._used.get(frame.text, -1)
        fresh = [place for place in places if max(last, used) < place < following]
        before = [place for place in places if place <= max(used, last)]
        chosen = fresh[:1] or before[-1:] or places[:1]
        if not chosen and frame.silent:
            return None
        if not chosen:
            self._deviate(f"{_brief(frame)} was asked, and the recording has no answer to it")
            return None
        self._used[frame.text] = chosen[0]
        return self._turns[chosen[0]]

    def _change(self, frame: DecodedFrame) -> Turn | None:
        if self.played == len(self._changes):
            self._deviate(f"{_brief(frame)} came after the recording's last command")
            return None
        turn = self._turns[self._changes[self.played]]
        if turn.command.text != frame.text:
            self._deviate(f"recorded {_brief(turn.command)}; now {_brief(frame)}")
            return None
        self.played += 1
        return turn

    def _deviate(self, what: str) -> None:
        self.deviation = what
        self._over()
