"""A capture from the field as a regression test: the JSON that the tests of drivers and emulators read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiscald.protocols.base import Effect
from fiscald.recording.packets import Packet
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import Turn, entries, of_printer, redact, turns


def regression(
    packets: Sequence[Packet], *, model: str, firmware: str, provenance: str, code_page: str | None = None
) -> dict[str, Any]:
    """The content of a file for ``tests/recordings``: a header, and every conversation, personal data masked.

    An exchange is a command and its answers, each as recordings of its family write it; of a command that a printer
    need not answer, it may be the command alone. Left out, and counted, are all others without an intact answer; left
    out are questions that were answered as before, with nothing in between
    that changes something (an idle daemon looks at its printer all day). Raises ``RecordingError``.
    """
    packets = of_printer(packets)
    connections = turns(entries(redact(packets), code_page))
    conversations = []
    missing = 0
    for number, connection in enumerate(connections, start=1):
        intact = [turn for turn in connection if _intact(turn)]
        missing += len(connection) - len(intact)
        exchanges = [[turn.command.text, *(answer.text for answer in turn.answers)] for turn in _changed_turns(intact)]
        if exchanges:
            conversations.append({"name": f"{model}: connection {number}", "exchanges": exchanges})
    if not conversations:
        raise RecordingError("no command in it has an intact answer")
    return {
        "family": packets[0].family,
        "model": model,
        "firmware": firmware,
        "recorded": f"{packets[0].at:%Y-%m-%d}",
        "provenance": provenance,
        "left_out": missing,
        "conversations": conversations,
    }


def _intact(turn: Turn) -> bool:
    answered = turn.answers or turn.command.silent
    return bool(answered) and not any(frame.damage for frame in (turn.command, *turn.answers))


def _changed_turns(connection: list[Turn]) -> list[Turn]:
    """Without queries whose answer has not changed."""
    known: dict[str, list[str]] = {}
    found = []
    for turn in connection:
        answers = [answer.text for answer in turn.answers]
        if turn.command.effect is not Effect.QUERY:
            known.clear()
        elif known.get(turn.command.text) == answers:
            continue
        known[turn.command.text] = answers
        found.append(turn)
    return found
