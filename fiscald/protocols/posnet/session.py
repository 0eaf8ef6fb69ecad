"""The two-way codec of one connection: requests to bytes, bytes to answers.

An answer names its command only by the mnemonic, so the session matches answers by that (POSNET reference, sections 3.2
and 9.1). With tokens it matches them exactly. The printer may answer immediate commands (``!sdev``) while another
command waits, in either order.
"""

from __future__ import annotations

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Answer, Damaged, Event, Session, Stray
from fiscald.protocols.posnet.commands import Request, read_reply
from fiscald.protocols.posnet.fields import Dialect, Generation
from fiscald.protocols.posnet.frames import TOKEN, BadFrame, Deframer, Frame, encode


class PosnetSession(Session):
    """See ``fiscald.protocols.base.Session``."""

    def __init__(self, code_page: str, *, tokens: bool = False) -> None:
        # The planner has checked requests against the limits of their device, so the wider limits are enough here.
        self._dialect = Dialect(CODE_PAGES[code_page], Generation.ONLINE)
        self._tokens = tokens
        self._serial = 0
        self._deframer = Deframer()
        self._waiting: list[tuple[Request, str | None]] = []

    def send(self, command: Request) -> bytes:
        """The bytes of ``command``. From now on the command waits for its answer."""
        token = None
        if self._tokens:
            self._serial = self._serial % 9999 + 1
            token = f"{self._serial:04d}"
        data = encode(command.frame(self._dialect, token))
        self._waiting.append((command, token))
        return data

    def receive(self, data: bytes) -> list[Event]:
        """Events in ``data``; never raises."""
        return [self._event(item) for item in self._deframer.feed(data)]

    def forget(self) -> None:
        """No command waits for an answer any more. Every later answer is a stray."""
        self._waiting.clear()

    def _event(self, item: Frame | BadFrame) -> Event:
        if isinstance(item, BadFrame):
            return Damaged(f"an answer was damaged on the line ({item.fault.name.lower()})")
        command = self._claim(item)
        if command is None:
            return Stray(f"answer to {item.mnemonic}, but no command waits for it")
        return Answer(command, read_reply(command.row, item, self._dialect))

    def _claim(self, frame: Frame) -> Request | None:
        """The waiting request that ``frame`` answers."""
        token = frame.get(TOKEN)
        refused = frame.mnemonic == "ERR"
        named = frame.get("cm") if refused else frame.mnemonic.encode()
        if named is None and len(self._waiting) > 1:
            # Some frame errors do not name their command. Matched to the wrong one, an executed command would be
            # sent again.
            return None
        for entry in self._waiting:
            request, expected = entry
            same_name = named is None or named == request.row.mnemonic.encode()
            same_token = expected is None or token == expected.encode() or (refused and token is None)
            if same_name and same_token:
                self._waiting.remove(entry)
                return request
        return None
