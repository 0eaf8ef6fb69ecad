"""Facts for the checks, all well until a test changes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fiscald.diagnostics.candidates import Candidate, Configured
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.facts import Facts, LineFacts, PortFacts, PrinterFacts, SocketFacts, StateFacts
from fiscald.diagnostics.host import Held, Holder, SerialPort, UartCounters, UsbFacts
from fiscald.diagnostics.probing import Attempt, Heard, Probed
from fiscald.model.printers import Counters, PrinterState, PrinterStatus
from fiscald.model.problems import Problem, problem
from fiscald.model.times import POLISH_TIME
from fiscald.transport import LinkError, parse_address
from tests.diagnostics.tree import BY_ID

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=POLISH_TIME)


ADDRESS = f"serial://{BY_ID}?baud=9600"


VAT: dict[str, str | None] = {"A": "23%", "B": "8%", "C": "5%", "D": "0%", "E": "exempt", "F": None, "G": None}


USB = UsbFacts(0x0403, 0x6001, "1-3", "A50285BI", "FTDI", "FT232R USB UART")


PORT = SerialPort("/dev/ttyUSB0", "ftdi_sio", (BY_ID,), USB, 0)


STATUS = PrinterStatus(
    name="till1", family="posnet", address=ADDRESS, state=PrinterState.READY, stale=False, documents=("receipt",)
)


SOCKET = SocketFacts(Path("/run/fiscald/fiscald.sock"), answers=True, there=True, mode=0o660)


DAY = Counters(daily_report=14, last_receipt=3, receipts=3, printouts=90)


def till(address: str = ADDRESS, status: PrinterStatus | None = STATUS) -> Configured:
    return Configured("till1", "posnet", parse_address(address), status)


def printer(**changes: Any) -> PrinterFacts:
    given: dict[str, Any] = {
        "configured": till(),
        "port": PortFacts("/dev/ttyUSB0", there=True, port=PORT),
        "state": PrinterState.READY,
        "counters": DAY,
        "vat": VAT,
        "clock": NOW,
        "clock_read": NOW,
        "line": LineFacts(1000, 0),
    }
    return PrinterFacts(**given | changes)


def facts(one: PrinterFacts | None = None, **changes: Any) -> Facts:
    given: dict[str, Any] = {
        "socket": SOCKET,
        "user": "anna",
        "daemon_user": "fiscald",
        "config_path": Path("/etc/fiscald/fiscald.toml"),
        "printers": (one or printer(),),
        "licence": {"state": "paid", "may_print": True, "warnings": []},
        "state": StateFacts(Path("/var/lib/fiscald"), 10 << 30, False, Path("/")),
    }
    return Facts(**given | changes)


def port(**changes: Any) -> PrinterFacts:
    return printer(port=replace(PortFacts("/dev/ttyUSB0", there=True, port=PORT), **changes))


def codes(given: Facts) -> list[str]:
    return [each.code for each in judge(given)]


def uart(*lines: str, errors: int = 0, works: bool = True) -> PrinterFacts:
    counters = UartCounters(lines, errors)
    state = PrinterState.READY if works else PrinterState.OFFLINE
    port = PortFacts("/dev/ttyS0", there=True, port=SerialPort("/dev/ttyS0"), uart=counters)
    return printer(port=port, state=state)


def offline(code: str, **changes: Any) -> PrinterFacts:
    return printer(state=PrinterState.OFFLINE, problem=link(code), **changes)


def link(code: str) -> Problem:
    return problem(code, address=ADDRESS, reason="why")


def asked(
    heard: Heard, at: str = ADDRESS, why: Problem | None = None, lines: tuple[str, ...] | None = None
) -> PrinterFacts:
    """Without a daemon: what came back when we asked ourselves."""
    found = Attempt(parse_address(at), "posnet", heard, b"?", b"", "x", problem=why, lines=lines)
    return printer(configured=till(status=None), state=None, probed=probed(attempts=(found,)))


def refused(error: LinkError, address: str = ADDRESS) -> PrinterFacts:
    return printer(configured=till(address, None), port=None, state=None, probed=probed(problem=error))


def probed(**outcome: Any) -> Probed:
    return Probed(Candidate(parse_address(ADDRESS), "x", ("posnet",)), **outcome)


def held(program: str, unit: str | None = None) -> Held:
    return Held((Holder(4711, program, unit),))


def condition(name: str) -> Problem:
    return problem(f"printer.{name}", reason="why", reason_pl="dlaczego")
