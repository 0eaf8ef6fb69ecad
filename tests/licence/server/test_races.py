"""Two at once: threads on one database connection, processes on one file, and what the indexes say without either."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fiscald.licence import wire
from fiscald.licence.keys import TEST_KEY
from fiscald.licence.number import FISCALD
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.testing import TEST_PRIVATE
from tests.licence.server.https import TEST_MAC
from tests.licence.server.running import BAKERY, DAIRY, Answered, Clock, Computer, Vendor


def test_case_40_one_of_two_companies_gets_a_contested_number(vendor: Vendor) -> None:
    for attempt in range(10):
        number = vendor.number().text
        start = threading.Barrier(2)

        def activate(which: int, number: str = number, start: threading.Barrier = start) -> Answered:
            computer = Computer(vendor.clock, which, address=f"203.0.113.{which}")
            start.wait()
            return vendor.activate(computer, number, BAKERY if which % 2 else DAIRY, nonce=f"{which:022}")

        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(activate, (2 * attempt + 100, 2 * attempt + 101)))
        winners = [answer for answer in answers if answer.status == 200]
        losers = [answer for answer in answers if answer.status == 409]
        assert (len(winners), len(losers)) == (1, 1)
        with vendor.do() as t:
            t.do("UPDATE licence SET state = 'ended'")


#: With a pepper that all processes have.
KEYRING = Keyring(TEST_KEY.kid, TEST_PRIVATE, {1: TEST_MAC}, bytes(32))
_PROCESS = """
import sys, json
from pathlib import Path
from tests.licence.server.running import *
from tests.licence.server.test_races import KEYRING
vendor = Vendor(Path(sys.argv[1]), keyring=KEYRING)
computer = Computer(vendor.clock, int(sys.argv[2]))
company = [BAKERY, DAIRY][int(sys.argv[2]) % 2]
print("ready", flush=True)
sys.stdin.readline()
answer = vendor.activate(computer, sys.argv[3], company)
print(json.dumps([answer.status, answer.refused if answer.status != 200 else None]))
"""


@pytest.mark.slow
def test_one_of_four_processes_gets_a_contested_number(tmp_path: Path) -> None:
    path = tmp_path / "vendor.db"
    vendor = Vendor(path, Clock(), KEYRING)
    number = vendor.number().text
    vendor.store.close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(path), str(which), number],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
        )
        for which in range(1, 5)
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [json.loads(process.communicate(timeout=30)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
    assert {refused for status, refused in answers if status == 409} <= {"company", "licence_elsewhere"}


def test_the_database_indexes_decide_when_the_rules_do_not(vendor: Vendor) -> None:
    paid = vendor.activate(Computer(vendor.clock), vendor.number().text).crt
    (company,) = vendor.rows("SELECT company_id FROM licence")[0]
    (seat,) = vendor.rows("SELECT id FROM seat")[0]
    for statement in (
        f"INSERT INTO licence VALUES ('lic_B', '{company}', {FISCALD}, 'paid', 0, 'active', 0, NULL, 0)",
        f"INSERT INTO device VALUES ('d', '{seat}', '{paid.sub}', 'j', '', 'm', 0, 'bound', 0, NULL, NULL, NULL, 0, 0)",
        "INSERT INTO company VALUES ('com_B', NULL, 'PL', '1234563218', 'x', 'x', 'x', 'x', 0)",
        f"INSERT INTO cert VALUES ('crt_B', '{paid.sub}', 'dev_B', 1, 'k', 0, NULL, '')",
    ):
        with pytest.raises(sqlite3.IntegrityError), vendor.do() as t:
            t.do(statement)


def test_a_broken_constraint_is_a_signed_409_and_nothing_is_changed(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = vendor.number().text

    def late(*_: object, **__: object) -> None:
        raise sqlite3.IntegrityError("UNIQUE constraint failed: device.licence_id")

    monkeypatch.setattr("fiscald.licence.server.transaction.Transaction.bind", late)
    refused = vendor.activate(Computer(vendor.clock), number)
    assert (refused.status, refused.refused) == (409, "conflict")
    assert vendor.rows("SELECT state FROM number") == [("issued",)]
    assert vendor.rows("SELECT count(*) FROM licence") == [(0,)]
    monkeypatch.undo()
    assert vendor.activate(Computer(vendor.clock), number).status == 200


def test_a_request_that_waited_sees_the_newest_state(vendor: Vendor) -> None:
    number = vendor.number().text
    till = Computer(vendor.clock)
    token = till.sign(wire.Activate, number=number, company=BAKERY)
    with ThreadPoolExecutor(1) as thread:
        with vendor.do() as t:
            waiting = thread.submit(vendor.handler.answer, "/v1/activate", token.encode(), till.address)
            with pytest.raises(TimeoutError):
                waiting.result(0.1)
            vendor.clock.go(5)
            t.now = vendor.clock()
            t.audit("from a command")
        assert waiting.result().status == 200
