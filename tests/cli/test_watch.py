"""``fiscalctl watch``: what is shown of a change, on a line and on a screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fiscald.api.client import JobChange
from fiscald.api.wire import JobAnswer
from fiscald.cli import watch
from fiscald.cli.watch import View, as_json, one_line
from fiscald.model.jobs import JobState
from fiscald.model.notices import PAPER_LOW
from fiscald.model.printers import PrinterState
from fiscald.model.problems import problem
from fiscald.protocols.decoding import DecodedFrame, Direction
from fiscald.recording.packets import Event, Side
from fiscald.recording.reading import Entry
from tests.cli.conftest import RECEIPT
from tests.cli.watching import READY


def change(state: JobState, now: str = "done", **fields: Any) -> JobChange:
    answer = {
        "key": "FV/1",
        "printer": "till1",
        "state": now,
        "document": RECEIPT,
        "created_at": "2026-11-22T10:14:58+01:00",
        "updated_at": "2026-11-22T10:15:00+01:00",
        "result": {"number": 85, "printer_id": "EMU 0000000001"},
    }
    return JobChange.model_validate(
        {"id": 7, "at": "2026-11-22T10:14:59+01:00", "state": state, "job": JobAnswer.model_validate(answer | fields)}
    )


def test_a_change_of_a_job() -> None:
    assert one_line(change(JobState.DONE)) == "10:14:59  till1  done       receipt       FV/1  number 85"
    early = one_line(change(JobState.RUNNING))
    assert early == "10:14:59  till1  running    receipt       FV/1", "the number was not known then"
    failed = change(JobState.FAILED, "failed", result=None, error=problem("printer.cancelled").model_dump(mode="json"))
    assert one_line(failed).endswith("failed     receipt       FV/1  printer.cancelled")


def test_a_change_of_a_printer() -> None:
    busy = READY.model_copy(
        update={"state": PrinterState.PRINTING, "job": "FV/2", "queue": 3, "warnings": (PAPER_LOW,)}
    )
    told = one_line(busy).partition("  ")[2]
    assert told == (
        "till1: printing; printing FV/2; 3 waiting; "
        "day 13: 84 receipts, 1 cancelled, last number 85, 44 printouts; "
        "the paper is near its end; prepare a new roll"
    )
    assert one_line(None).endswith(watch.LOST)


def test_as_json() -> None:
    assert as_json(READY)["printer"]["counters"]["last_receipt"] == 85
    told = as_json(change(JobState.RUNNING))
    assert (told["event"], told["id"], told["state"], told["job"]["state"]) == ("job", 7, "running", "done")
    assert as_json(None) == {"event": "lost"}
    json.dumps([as_json(READY), told])


def test_the_screen() -> None:
    view = View("fiscald at /run/fiscald/fiscald.sock")
    view.take(READY)
    view.take(
        READY.model_copy(
            update={
                "name": "till2",
                "state": PrinterState.PAPER_OUT,
                "problem": problem("printer.paper_out", printer="till2"),
            }
        )
    )
    view.take(change(JobState.RUNNING))
    view.take(change(JobState.DONE))
    assert view.lines(120, 40) == [
        "fiscald at /run/fiscald/fiscald.sock   Ctrl-C stops",
        "",
        "till1  ready",
        "  day 13: 84 receipts, 1 cancelled, last number 85, 44 printouts",
        "till2  paper_out",
        "  day 13: 84 receipts, 1 cancelled, last number 85, 44 printouts",
        "  printer.paper_out: out of paper",
        "  Brak papieru. Włóż nową rolkę.",
        "",
        "10:14:59  till1  running    receipt       FV/1",
        "10:14:59  till1  done       receipt       FV/1  number 85",
    ]
    view.take(None)
    assert view.lines(120, 40)[1] == watch.LOST
    view.take(READY)
    assert watch.LOST not in view.lines(120, 40)


def test_a_small_screen_shows_the_newest_and_never_more_than_fits() -> None:
    view = View("fiscald")
    view.take(READY)
    for number in range(300):
        view.take(change(JobState.DONE, key=f"K{number}"))
    lines = view.lines(40, 13)
    assert len(lines) == 12, "what has no room whole is left out"
    assert lines[-1].split() == ["K299", "number", "85"], "wrapped, with its number"
    assert "K299" in view.lines(120, 9)[-1]
    assert all(len(line) <= 40 for line in lines)
    assert len(view.lines(120, 3)) == 3
    assert view.lines(120, 0) == []


def test_at_60_columns_nothing_is_lost() -> None:
    view = View("fiscald at /run/fiscald/fiscald.sock")
    view.take(
        READY.model_copy(
            update={"state": PrinterState.OFFLINE, "problem": problem("printer.paper_out", printer="till1")}
        )
    )
    view.take(change(JobState.DONE, key="FV/2026/11/0017-0001"))
    for width in (60, 40, 20):
        lines = view.lines(width, 60)
        assert all(len(line) <= width for line in lines)
        text = "".join("".join(lines).split())
        assert "FV/2026/11/0017-0001number85" in text
        assert "day13:84receipts,1cancelled,lastnumber85,44printouts" in text
        assert "Brakpapieru.Włóżnowąrolkę." in text


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (0, 10), (8, 2)])
def test_a_tiny_screen_raises_no_error(width: int, height: int) -> None:
    view = View("fiscald")
    view.take(READY)
    view.take(change(JobState.DONE))
    assert len(view.lines(width, height)) <= height


def test_nothing_that_moves_the_cursor_reaches_the_screen() -> None:
    view = View("fiscald")
    view.take(
        READY.model_copy(
            update={"state": PrinterState.OFFLINE, "problem": problem("link.absent", address="x\x1b[2J", reason="\ry")}
        )
    )
    assert not any(char in line for line in view.lines(120, 40) for char in "\x1b\r\n")


def test_frames_take_half_of_the_screen() -> None:
    view = View("fiscald")
    for number in range(20):
        view.take(change(JobState.DONE, key=f"K{number}"))
        view.take(frame_entry(f"scomm\tts{number}\t"))
    lines = view.lines(120, 13)
    assert len(lines) == 13
    assert [line.rpartition("|ts")[2] for line in lines[-5:]] == [f"{number}|" for number in range(15, 20)]
    assert lines[7].endswith("")
    assert "K19" in lines[6]
    assert len(view.lines(120, 4)) == 4


def frame_entry(text: str) -> Entry:
    raw = text.encode()
    frame = DecodedFrame(raw, raw, name="scomm", text=text)
    at = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    return Entry(at, "till1", "posnet", Event.DATA, Direction.SENT, frame)


def test_frames_and_events_of_the_line() -> None:
    entry = frame_entry("scomm\tts0\t")
    assert one_line(entry) == "10:15:00  till1  > scomm|ts0|"
    assert as_json(entry)["hex"] == b"scomm\tts0\t".hex()
    lost = Entry(entry.at, "till1", "posnet", Event.LOST, note="unplugged")
    assert one_line(lost) == "10:15:00  till1  - lost unplugged"
    assert as_json(lost)["what"] == "lost"
    of_program = entry._replace(side=Side.PROGRAM)
    assert one_line(of_program) == "10:15:00  till1  program > scomm|ts0|"
    assert (as_json(of_program)["side"], as_json(entry)["side"]) == ("program", "printer")
    assert one_line(lost._replace(side=Side.PROGRAM)) == "10:15:00  till1  program - lost unplugged"
    damaged = entry._replace(frame=DecodedFrame(b"\x02\xff", b"", damage="cut off"))
    assert one_line(damaged) == "10:15:00  till1  > 02 ff (cut off)"
