"""A port of the printer: one connection, its requests one after the other, answers in time, faults of HTTP."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from fiscald.emulator.faults import Fault, FaultKind
from fiscald.emulator.noviapi import answers
from fiscald.emulator.noviapi.api import OTHER, Api, Held
from fiscald.emulator.noviapi.http import Answer, Failure, Request, ServerConnection
from fiscald.emulator.noviapi.reading import ParseError

if TYPE_CHECKING:
    from fiscald.emulator.noviapi.device import NoviApiPrinter

#: Seconds without a request after which a connection is closed, so that another program gets its turn (our assumption).
IDLE_SECONDS = 10.0
_BEFORE = (FaultKind.STATUS_BEFORE, FaultKind.PAGE_BEFORE)
_AFTER = (FaultKind.STATUS_AFTER, FaultKind.PAGE_AFTER)


class _Waiting(NamedTuple):
    """A ``GET`` whose answer waits for a change."""

    held: Held
    until: float
    faults: Sequence[Fault]


class ApiPort:
    """See ``fiscald.emulator.port.Port``."""

    def __init__(self, printer: NoviApiPrinter, number: int) -> None:
        """``number`` of the server: 1 to 10."""
        self._printer = printer
        self.api = Api(printer, number)
        self._order = 0
        self._reset()

    def _reset(self) -> None:
        self._http = ServerConnection()
        self._outbox: list[tuple[float, int, bytes]] = []
        self._waiting: _Waiting | None = None
        #: The last request is never answered; those behind it are not looked at.
        self._silent = False
        self._closing = False
        self._idle_at = 0.0

    @property
    def powered(self) -> bool:
        """See ``Port.powered``."""
        return self._printer.powered

    @property
    def second_caller_seconds(self) -> float:
        """See ``Port.second_caller_seconds``."""
        return self._printer.second_caller_seconds

    def connected(self, now: float) -> None:
        """See ``Port.connected``."""
        self._reset()
        self._idle_at = now + IDLE_SECONDS

    def disconnected(self) -> None:
        """See ``Port.disconnected``."""
        self._reset()

    def receive(self, data: bytes, now: float) -> None:
        """See ``Port.receive``."""
        if self.powered:
            self._idle_at = now + IDLE_SECONDS
            self._http.feed(data)
            self._serve(now)

    def poll(self, now: float) -> bytes:
        """See ``Port.poll``. What is answered leaves the printer before it goes on with its work."""
        return self._due(now) or self._work(now)

    def _work(self, now: float) -> bytes:
        if self.powered:
            self._printer.work(now)
            self._serve(now)
            if self._waits_for_request and now >= self._idle_at:
                self._closing = True
        return self._due(now)

    def _due(self, now: float) -> bytes:
        """Answers whose time has come; the next request is looked at behind the last of them."""
        out = bytearray()
        while self._outbox and self._outbox[0][0] <= now:
            out += heapq.heappop(self._outbox)[2]
            self._idle_at = now + IDLE_SECONDS
        return bytes(out)

    @property
    def _waits_for_request(self) -> bool:
        """Whether the program at the other end has everything that it asked for."""
        return not (self._outbox or self._waiting or self._silent or self._closing or self._http.ends)

    @property
    def hangs_up(self) -> bool:
        """See ``Port.hangs_up``."""
        return not self._outbox and (self._closing or (self._http.ends and not self._silent))

    def wakeup(self) -> float | None:
        """See ``Port.wakeup``."""
        times = [self._outbox[0][0]] if self._outbox else []
        if self.powered:
            if self._waiting is not None:
                times.append(self._waiting.until)
            if self._printer.busy_until is not None:
                times.append(self._printer.busy_until)
            if self._waits_for_request:
                times.append(self._idle_at)
        return min(times, default=None)

    def send(self, data: bytes, at: float) -> None:
        """Bytes to send at a time."""
        self._order += 1
        heapq.heappush(self._outbox, (at, self._order, data))

    # -- requests -------------------------------------------------------------------------------------

    def _serve(self, now: float) -> None:
        """Carry out what has arrived: the next request once the one before is answered."""
        self._look_at_waiting(now)
        while self.powered and not (self._waiting or self._outbox or self._silent or self._closing):
            request = self._http.next_request()
            if request is None:
                interim = self._http.interim
                if interim:
                    self.send(interim, now)
                return
            if isinstance(request, Failure):
                self._refuse(request, now)
            else:
                self._carry_out(request, now)

    def _refuse(self, failure: Failure, now: float) -> None:
        faults = self._printer.faults.next_faults(OTHER)
        if self._goes_ahead(faults):
            self._answer(Answer(failure.status), now, faults)

    def _goes_ahead(self, faults: Sequence[Fault]) -> bool:
        """Let happen what comes before a request; false if it is then not carried out."""
        if any(fault.act is FaultKind.HANG_UP_BEFORE for fault in faults):
            self._closing = True
            return False
        if self._printer.is_prevented(faults):
            self._silent = True
            return False
        return True

    def _carry_out(self, request: Request, now: float) -> None:
        printer = self._printer
        faults = printer.faults.next_faults(self.api.name(request))
        if not self._goes_ahead(faults):
            return
        instead = [fault for fault in faults if fault.act in _BEFORE]
        answer: Answer | Held
        if instead:
            answer = self.api.faulty(instead[0], now)
        elif any(fault.act is FaultKind.CORRUPT_IN for fault in faults):
            answer = answers.not_json(ParseError(3, 1))
        else:
            printer.work(now)
            answer = self.api.respond(request, now)
        printer.register.commit()
        if any(fault.act is FaultKind.POWER_CUT_AFTER for fault in faults):
            printer.power(on=False)
        elif isinstance(answer, Held):
            self._waiting = _Waiting(answer, now + answer.seconds, faults)
            self._look_at_waiting(now)
        else:
            self._answer(answer, now, faults)

    def _look_at_waiting(self, now: float) -> None:
        """Answer the ``GET`` that waits, if there is something new or the time is over."""
        waiting = self._waiting
        if waiting is None or not self.powered:
            return
        answer = self.api.tell(waiting.held, now_over=now >= waiting.until)
        if answer is not None:
            self._waiting = None
            self._answer(answer, now, waiting.faults)

    # -- answers --------------------------------------------------------------------------------------

    def _answer(self, answer: Answer, now: float, faults: Sequence[Fault]) -> None:
        acts = {fault.act for fault in faults}
        instead = [fault for fault in faults if fault.act in _AFTER]
        if instead:
            answer = self.api.faulty(instead[0], now)
        if FaultKind.DROP_AFTER in acts:
            self._silent = True
            return
        if FaultKind.HANG_UP_AFTER in acts:
            self._closing = True
            return
        head, body = self._http.respond(answer)
        if FaultKind.TRUNCATE in acts:
            # A whole head that promises more than comes: the connection ends within the body.
            head, body = (head, body[: len(body) // 2]) if body else (head[: len(head) // 2], b"")
            self._closing = True
        others = [fault for fault in faults if fault.act is not FaultKind.TRUNCATE]
        sent = self._printer.through_faults(self, head + body, now + self._printer.command_seconds, others)
        if sent is not None:
            self.send(*sent)
