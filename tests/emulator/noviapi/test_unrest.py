"""Programs at three servers send anything, while the printer is disturbed.

Every answer is one of the contract's, and the printer keeps working.
"""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import pytest

from fiscald.emulator.faults import FaultKind, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.emulator.noviapi.api import REQUESTS
from fiscald.emulator.noviapi.http import ServerConnection
from fiscald.emulator.noviapi.rules import ENDPOINTS
from fiscald.protocols.novitus_packets import encode_packet
from tests.emulator.noviapi.talking import ROOTS, Program, Talk
from tests.emulator.noviapi.test_documents import INVOICE, WITH_PACKAGING
from tests.emulator.noviapi.test_server import RECEIPT, REPORT

ENCODED = base64.b64encode(encode_packet(b'<cash action="payin" value="1.00"/><error action="get" value=""/>')).decode()
DOCUMENTS: dict[str, list[Any]] = {
    "receipt": [RECEIPT, WITH_PACKAGING, RECEIPT | {"summary": {"total": "1", "pay_in": "1"}}, {"items": []}, RECEIPT | {"items": [{}]}],
    "invoice": [INVOICE, INVOICE | {"info": {"number": "1", "date_of_sell": "99/99/9999"}}, {}],
    "nf_printout": [{"lines": [{"special_line": {"type": "emptyline"}}], "e_document": {"transaction_id": "1"}}, {"lines": [{}]}],
    "daily_report": [REPORT, {"date": "01/01/2026"}, {"date": "x"}],
    "eft": [{"operation": "transaction", "brutto": "1"}, {"operation": "communication_test"}, {"operation": "transaction"}],
    "graphic": [{"operation": "read_indexes"}, {"operation": "get_crc", "id": 1}, {"operation": "program", "id": 1, "base64": "QUJD"}],
    "configuration": [{"operation": "read_all"}, {"operation": "read_array", "to_read": [999]}, {"operation": "program", "options": [{"key": 1, "value": "1"}]}],
    "status": [{"type": "device"}, {"type": "fiscal_memory"}, {"type": "protected_memory"}, {"type": 1}],
    "direct_io": [{"xml_cmd": {"base64": ENCODED}}, {"nov_cmd": {"base64": "G1Ajdhtc"}}, {"xml_cmd": {"base64": "QUJD"}}, {}],
    "lock": [{"operation": "enable"}, {"operation": "disable"}],
}  # fmt: skip
#: Faults after which an answer is still one of the contract's, or none.
ACTS = (
    FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.LATE, FaultKind.POWER_CUT_BEFORE, FaultKind.POWER_CUT_AFTER,
    FaultKind.FOREIGN_RECEIPT, FaultKind.KEYPAD_CANCEL, FaultKind.KEYPAD_REPORT, FaultKind.HANG_UP_BEFORE,
    FaultKind.HANG_UP_AFTER,
)  # fmt: skip


class Shop:
    """Three programs, and the jobs that they know of."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.talk = Talk(RegisterState(fiscal=dice.random() < 0.8), profile=dice.choice(("point", "infis")))
        self.talk.printer.slowness = dice.choice((0.0, 1.0))
        self.programs = [self.talk.program(server) for server in (1, 2, 3)]
        self.jobs: list[tuple[Program, str, str]] = []

    def disturb(self) -> None:
        """Something happens between two requests."""
        dice, printer = self.dice, self.talk.printer
        if dice.random() < 0.2:
            self.talk.fault(dice.choice(ACTS), dice.choice((None, *(f"run {name}" for name in ENDPOINTS))))
        if dice.random() < 0.15:
            printer.faults.switches ^= {dice.choice(list(Switch))}
        if dice.random() < 0.1:
            printer.press(confirm=dice.random() < 0.5)
        if not printer.powered:
            printer.power(on=True)
        self.talk.time += dice.choice((0, 0, 1, 60, 1300))

    def request(self) -> None:
        """One request of a program; one that lost its token fetches another."""
        dice = self.dice
        program = dice.choice(self.programs)
        if program.closed or dice.random() < 0.1:
            program.connect()
        kind = dice.random()
        if kind < 0.3 or not self.jobs:
            name = dice.choice(sorted(DOCUMENTS))
            reply = program.ask("POST", f"/{name}", {ROOTS.get(name, name): dice.choice(DOCUMENTS[name])})
            if reply.status == 201:
                self.jobs.append((program, name, reply.body["request"]["id"]))
        elif kind < 0.9:
            program, name, job_id = dice.choice(self.jobs[-6:])
            method = dice.choice(("PUT", "PUT", "GET", "GET", "DELETE"))
            query = "?timeout=2000" if method == "GET" and dice.random() < 0.5 else ""
            reply = program.ask(method, f"/{name}/{job_id}{query}")
        else:
            reply = program.ask(
                dice.choice(("GET", "DELETE")), dice.choice(("/queue", "/queue", "")).strip() or "/queue"
            )
        if reply.status in (401, 403) and program.fetch().status != 200:
            self.talk.time += 3600
        if reply.status == 0:
            program.closed = True


@pytest.mark.parametrize("seed", range(60))
def test_every_answer_is_one_of_the_contract_whatever_happens(seed: int) -> None:
    shop = Shop(Random(seed))
    for _ in range(60):
        shop.disturb()
        shop.request()
        json.loads(shop.talk.register.state.model_dump_json())
    talk = shop.talk
    talk.printer.faults.clear()
    talk.power_cycle()
    talk.time += 4000
    program = talk.program()
    program.fetch()
    talk.printer.auto_confirm = True
    program.ask("DELETE", "/queue")
    for _ in range(100):
        if program.ask("GET", "/queue").body == {"requests_in_queue": 0}:
            break
        talk.time += 5
    if talk.printer.memory.locked:
        program.do("lock", {"operation": "disable"})
    program.do("daily_report", {"date": "30/11/2026"})
    assert program.do("receipt", RECEIPT)["status"] == "DONE"


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_give_requests_and_never_an_exception(seed: int) -> None:
    dice = Random(seed)
    good = b"POST /api/v1/receipt HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    for _ in range(50):
        data = bytearray(good * dice.randint(1, 2))
        for _ in range(dice.randint(0, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        connection = ServerConnection()
        for start in range(0, len(data), 7):
            connection.feed(bytes(data[start : start + 7]))
            connection.next_request()
        talk = Talk()
        program = talk.program()
        program.send(bytes(data))
        program.receive()
        program.closed = True
        assert program.ask("GET", "", token="").status == 200


def test_every_request_of_the_contract_has_a_name() -> None:
    names = {f"{method} {name}" for name in ENDPOINTS for method in ("POST", "PUT", "GET", "DELETE")}
    assert names < REQUESTS
