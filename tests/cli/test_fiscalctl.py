"""``fiscalctl`` against a real daemon: what it shows, and its exit codes."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fiscald.api.client import Client, ClientError
from fiscald.cli import jobs as module
from fiscald.cli.fiscalctl import main
from fiscald.model.times import POLISH_TIME
from tests.cli.conftest import RECEIPT, Counter
from tests.dying import dying_daemon
from tests.waiting import until


def test_printing_and_asking_again(counter: Counter) -> None:
    result = counter.run("print", counter.file(RECEIPT), "--key", "FV/1")
    assert result.exit_code == 0, result.output
    assert "FV/1: done, paper printed" in result.stdout
    assert "number 1, daily report 1, total 10.00, EMU 0000000001" in result.stdout
    again = counter.run("print", counter.file({"printer": "till1", "document": RECEIPT}), "--key", "FV/1")
    assert again.stdout == result.stdout
    assert counter.run("job", "FV/1").stdout == result.stdout
    assert counter.json("job", "FV/1")["result"]["number"] == 1
    assert counter.printer.register.day.receipt_count == 1


def test_a_minted_key_is_shown_before_anything_is_sent(counter: Counter) -> None:
    result = counter.run("print", "-", text=json.dumps(RECEIPT))
    assert result.stderr.startswith("key fiscalctl/")
    key = result.stderr.split()[1]
    assert counter.run("job", key).exit_code == 0


def test_the_commands_for_the_documents_of_a_day(counter: Counter) -> None:
    assert counter.run("cash", "in", "50.00").exit_code == 0
    assert counter.run("cash", "out", "20.00", "--printer", "till1").exit_code == 0
    assert counter.run("return", "5,00").exit_code == 0
    order = counter.run("print", counter.file({"type": "printout", "lines": ["Żurek x 2"]}))
    assert order.exit_code == 0, order.output
    assert "done, paper printed" in order.stdout
    assert counter.run("drawer").exit_code == 0
    counter.run("print", counter.file(RECEIPT))
    report = counter.run("report", "daily")
    assert report.exit_code == 0
    assert "number 1" in report.stdout
    assert counter.printer.register.cash == 5000 - 2000 - 500 + 1000
    listed = counter.run("jobs").stdout.splitlines()
    assert [line.split()[4] for line in listed] == [
        "daily_report",
        "receipt",
        "drawer",
        "printout",
        "goods_return",
        "cash_out",
        "cash_in",
    ], "the newest first"
    assert len(counter.run("jobs", "--limit", "2").stdout.splitlines()) == 3
    assert len(counter.run("jobs", "--state", "done").stdout.splitlines()) == 7
    assert counter.run("jobs", "--state", "running").stdout == "no jobs\n"
    assert counter.run("jobs", "--oldest").stdout.splitlines() == listed[::-1]
    assert counter.run("jobs", "--number", "1", "--amount", "10,00").stdout.splitlines() == [listed[1]]
    assert counter.run("jobs", "--amount", "20.00").stdout.splitlines() == [listed[5]]
    assert counter.run("jobs", "--nip", "526-025-02-74").stdout == "no jobs\n"
    sold = counter.run("print", counter.file(RECEIPT | {"buyer": {"nip": "5260250274"}}))
    assert sold.exit_code == 0, sold.output
    assert len(counter.run("jobs", "--nip", "526-025-02-74").stdout.splitlines()) == 1
    mistyped = counter.run("jobs", "--nip", "5260250275")
    assert mistyped.exit_code == 2
    assert "the check digit is wrong" in mistyped.stderr
    listed = counter.run("jobs").stdout.splitlines()
    when = f"{datetime.now(POLISH_TIME) - timedelta(minutes=10):%Y-%m-%d %H:%M}"
    assert counter.run("jobs", "--since", when).stdout.splitlines() == listed
    assert counter.run("jobs", "--until", when).stdout == "no jobs\n"
    assert counter.run("jobs", "--since", f"{when[:10]}", "--printer", "till1").stdout.splitlines() == listed


def test_a_time_that_comes_twice_leaves_out_no_job() -> None:
    since, until = (module.When(end=end).convert("2026-10-25 02:30", None, None).isoformat() for end in (False, True))
    assert (since, until) == ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")


def test_all_pages_of_the_list(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    assert counter.run("jobs", "--all").stdout == "no jobs\n"
    for _ in range(5):
        assert counter.run("drawer").exit_code == 0
    keys = [job["key"] for job in counter.json("jobs")["jobs"]]
    assert len(keys) == 5
    page = counter.json("jobs", "--limit", "3")
    assert [job["key"] for job in page["jobs"]] == keys[:3]
    assert [job["key"] for job in counter.json("jobs", "--after", page["next"])["jobs"]] == keys[3:]
    assert [line.split()[5] for line in counter.run("jobs", "--all").stdout.splitlines()] == keys
    assert [job["key"] for job in counter.json("jobs", "--all", "--oldest")["jobs"]] == keys[::-1]
    assert "(more with --after" in counter.run("jobs", "--limit", "3").stdout


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--since", "yesterday", "write a day like 2026-11-22"),
        ("--until", "2026-02-30", "write a day like 2026-11-22"),
        ("--since", "2026-11-22 25:00", "write a day like 2026-11-22"),
        ("--amount", "twelve", "--amount: an amount is written like"),
        ("--number", "0", "--number"),
    ],
)
def test_an_invalid_list_query_is_refused(counter: Counter, option: str, value: str, said: str) -> None:
    result = counter.run("jobs", option, value)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_status(counter: Counter) -> None:
    counter.run("print", counter.file(RECEIPT))
    text = counter.run("status").stdout
    assert "EMU 0000000001, fiscal" in text
    assert "VAT A 23%" in text
    assert "licence: active" in text
    assert counter.json("status", "till1")["printers"][0]["name"] == "till1"
    counter.printer.switch("paper_out")
    with Client(counter.socket) as client:
        until(client, "paper_out")
    text = counter.run("status").stdout
    assert "printer.paper_out" in text
    assert "Włóż nową rolkę" in text


def test_exit_code_1_not_printed(counter: Counter) -> None:
    counter.printer.seed(goods={"kawa": {"rate": 2, "lowered": True}})
    result = counter.run("print", counter.file(RECEIPT))
    assert result.exit_code == 1
    assert "2106" in result.stdout
    refused = counter.run("print", counter.file(RECEIPT | {"total": "1.00"}))
    assert refused.exit_code == 1
    assert "/document/total: the lines come to 10.00" in refused.stderr
    assert "Drukarka odrzuciłaby" in refused.stderr


def test_exit_code_2_wrong_usage(counter: Counter) -> None:
    assert counter.run("nosuch").exit_code == 2
    assert counter.run("print", counter.file("{")).exit_code == 2
    assert counter.run("print", counter.file("[]")).exit_code == 2
    assert counter.run("print", "/no/such/file").exit_code == 2
    unknown = counter.run("print", counter.file(RECEIPT), "--printer", "till9")
    assert unknown.exit_code == 2
    assert "till1" in unknown.stderr
    assert counter.run("job", "never").exit_code == 2
    assert counter.run("print", counter.file(RECEIPT), "--key", "a b").exit_code == 2
    twice = counter.run("print", counter.file('{"type": "drawer", "type": "daily_report"}'))
    assert twice.exit_code == 2
    assert "'type' appears twice" in twice.stderr
    assert counter.run("resolve", "X", "printed", "--by", "").exit_code == 2


def test_exit_code_3_undecided_and_resolving(counter: Counter) -> None:
    counter.printer.fault("bad_crc", "trend")
    counter.printer.fault("keypad_report", "scomm", nth=2)
    result = counter.run("print", counter.file(RECEIPT), "--key", "X", "--wait", "60")
    assert result.exit_code == 3, result.output
    assert "fiscalctl resolve 'X'" in result.stdout
    lines = result.stdout.splitlines()
    assert "  daily reports (rd)                               0       0      1" in lines
    assert "  printed documents of any kind (hn)               0       0      2" in lines
    assert max(map(len, lines)) < 120, "a person reads it"
    assert "{" not in result.stdout
    assert "  all the evidence: fiscalctl --json job 'X'" in lines
    assert counter.json("job", "X")["evidence"]["after"]["rd"] == 1
    assert counter.run("status").stdout.startswith("till1: undecided")
    resolved = counter.run("resolve", "X", "printed", "--number", "1", "--by", "Anna")
    assert resolved.exit_code == 0
    assert counter.run("job", "X").exit_code == 0
    assert counter.run("resolve", "X", "printed", "--by", "Anna").exit_code == 2, "it is decided"


def test_a_mistake_is_shown_once_however_many_there_are(counter: Counter) -> None:
    line = {"name": "Bilet", "price": "9.50", "vat": "7%"}
    for document, mistakes in (
        ({"type": "receipt", "lines": [line]}, 1),
        ({"type": "receipt", "lines": [line, line | {"vat": "E"}]}, 2),
        ({"type": "receipt", "lines": [line | {"price": 9.5}]}, 1),
        ({"type": "receipt", "lines": [line | {"price": 9.5}], "kasjer": "Anna"}, 2),
    ):
        for verb in ("print", "preview"):
            refused = counter.run(verb, counter.file(document), *(("--key", "M") if verb == "print" else ()))
            assert refused.exit_code == 1, refused.output
            told = re.findall(r"(/document/[\w/]+): ", refused.output)
            assert len(told) == len(set(told)) == mistakes, refused.output


def test_exit_code_4_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.api.client._PAUSES", (0.0, None))
    result = CliRunner().invoke(main, ["--socket", str(tmp_path / "none"), "status"])
    assert result.exit_code == 4
    assert "cannot be reached" in result.stderr
    result = CliRunner().invoke(main, ["--socket", str(tmp_path / "none"), "--json", "status"])
    assert "cannot be reached" in json.loads(result.stderr)["error"]


@pytest.mark.parametrize(
    "verb", [["print", "FILE", "--printer", "till1"], ["cash", "in", "1.00", "--printer", "till1"]]
)
def test_a_daemon_that_dies_with_the_document_is_exit_code_6(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    """Exit code 4 would say that nothing was handed over."""
    monkeypatch.setattr("fiscald.api.client._PAUSES", (0.0, None))
    file = tmp_path / "document.json"
    file.write_text(json.dumps(RECEIPT))
    with dying_daemon() as dying:
        for key in (["--key", "A"], []):
            arguments = [str(file) if each == "FILE" else each for each in verb]
            lost = CliRunner().invoke(main, ["--socket", str(dying), *arguments, *key])
            assert lost.exit_code == 6, lost.output
            name = "A" if key else lost.stderr.splitlines()[0].removeprefix("key ")
            assert (
                f"it is not known whether the document is printed. Ask when the daemon runs again: fiscalctl job '{name}'"
                in (lost.stderr)
            )
        assert CliRunner().invoke(main, ["--socket", str(dying), "status"]).exit_code == 4, "a question changes nothing"
        decided = CliRunner().invoke(main, ["--socket", str(dying), "resolve", "A", "not_printed", "--by", "Anna"])
        assert (decided.exit_code, "may have arrived" in decided.stderr) == (6, True)


def test_exit_code_5_refused_by_the_licence(counter: Counter) -> None:
    from fiscald.licence.testing import make_certificate

    poorer = make_certificate(seq=2**32, jti="poorer", mod=["app"])
    assert counter.run("licence", "import", "-", text=poorer).exit_code == 0
    result = counter.run("print", counter.file(RECEIPT))
    assert result.exit_code == 5
    assert "licence.module_missing" in result.stderr
    assert counter.run("report", "daily").exit_code == 0, "the day can always be closed"


def test_exit_code_6_not_final_yet_and_withdrawing(counter: Counter) -> None:
    counter.printer.switch("cover")
    result = counter.run("print", counter.file(RECEIPT), "--key", "W", "--wait", "0.3")
    assert result.exit_code == 6
    assert "accepted" in result.stdout
    assert counter.run("withdraw", "W").exit_code == 0
    assert counter.run("job", "W").exit_code == 1


def test_exit_code_1_is_never_a_guess(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document may be on paper whatever became of this program, of the connection, or of a verb that came late."""
    assert counter.run("print", counter.file(RECEIPT), "--key", "G").exit_code == 0
    assert counter.run("withdraw", "G").exit_code == 2, "too late: it is printed"
    other = counter.file(RECEIPT | {"cashier": "Ola"})
    assert counter.run("print", other, "--key", "G").exit_code == 2, "the key belongs to a printed document"
    for fault in (KeyboardInterrupt(), RuntimeError("a slip of ours"), ClientError("500 without a reason")):

        def fail(*_: Any, fault: BaseException = fault, **__: Any) -> None:
            raise fault

        with monkeypatch.context() as patch:
            patch.setattr(Client, "submit", fail)
            assert counter.run("print", counter.file(RECEIPT)).exit_code == 6


def test_adopting_needs_the_right_number(counter: Counter) -> None:
    result = counter.run("adopt", "till1", "EMU 9")
    assert result.exit_code == 2
    assert "EMU 0000000001" in result.stderr


def test_the_licence(counter: Counter) -> None:
    text = counter.run("licence", "status").stdout
    assert "state: active" in text
    assert "test keys: fiscald prints on emulated printers only" in text
    bad = counter.run("licence", "import", "-", text="rubbish")
    assert bad.exit_code == 24
    assert "CERT_FORMAT" in bad.stderr
    (counter.folder / "binary").write_bytes(b"\xff\xfe" * 50)
    assert counter.run("licence", "import", str(counter.folder / "binary")).exit_code == 24
    assert counter.run("licence", "status").stdout == text


def test_problems_as_json(counter: Counter) -> None:
    result = CliRunner().invoke(main, ["--socket", str(counter.socket), "--json", "job", "never"])
    assert json.loads(result.stderr)["code"] == "job.unknown"


def test_a_job_with_what_happened_to_it(counter: Counter) -> None:
    counter.printer.fault("bad_crc", "trend")
    counter.printer.fault("keypad_report", "scomm", nth=2)
    counter.run("print", counter.file(RECEIPT), "--key", "X", "--wait", "60")
    counter.run("resolve", "X", "printed", "--number", "1", "--by", "Anna", "--note", "seen\x1b[2J")
    told = counter.run("job", "X", "--events").stdout
    steps = [line.split()[2] for line in told.splitlines() if line[:4] == "  20"]
    assert (steps[0], steps[1], steps[-2:]) == ("accepted", "started", ["undecided", "done"])
    assert "printer.unproven" in told
    assert "Anna decided: printed, number 1 (seen" in told
    assert "\x1b" not in told
    assert [each["phase"] for each in counter.json("job", "X", "--events")["events"]] == steps
    assert "events" not in counter.json("job", "X")
