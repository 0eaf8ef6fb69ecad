"""The tables of conditions: complete, agreeing with the tables of errors, and told in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import CATALOGUE, Retry, problem
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.conditions import Conditions, condition_problem, state_of, undecided, worst
from fiscald.protocols.conditions_page import markdown
from fiscald.protocols.posnet import codes as posnet
from fiscald.protocols.posnet.conditions import CONDITIONS as POSNET
from fiscald.protocols.thermal import codes as thermal
from fiscald.protocols.thermal.conditions import CONDITIONS as THERMAL
from fiscald.protocols.thermal.fields import Brand

TABLES = {name: family(name).conditions for name in FAMILIES}
POSNET_ERRORS = {f"{'frame' if code.kind is posnet.Kind.FRAME else ''}{code.number}": code for code in posnet.TABLE}
THERMAL_ERRORS = {str(number) for numbers in thermal.CODES.values() for number in numbers}


def test_a_row_has_a_name_documents_errors_and_what_a_look_shows() -> None:
    table = Conditions(
        """
        # a comment
        paper_out | all            | 5-7 frame14-15 | the lever
        locked    | refused        | 3              |
        no_header | receipt drawer | 9              | hr
        -         |                | 8 10-11        |
        """,
        ("receipt", "drawer", "cash_in"),
    )
    assert [row.name for row in table.rows] == ["paper_out", "locked", "no_header"]
    assert {error: row.name for error, row in table.by_error.items()} == {
        "5": "paper_out", "6": "paper_out", "7": "paper_out", "frame14": "paper_out", "frame15": "paper_out",
        "3": "locked", "9": "no_header",
    }  # fmt: skip
    assert table.by_code["printer.no_header"].seen == "hr"
    waits = {name: {kind for kind in table.documents if table.waits(f"printer.{name}", kind)}
             for name in ("paper_out", "locked", "no_header")}  # fmt: skip
    assert waits == {"paper_out": {"receipt", "drawer", "cash_in"}, "locked": set(), "no_header": {"receipt", "drawer"}}
    assert [table.some_pass(f"printer.{name}") for name in waits] == [False, True, True]
    assert table.waits("link.lost", "receipt"), "what is in no table keeps everything waiting"
    assert not table.some_pass("link.lost")
    assert undecided(table, ["5", "8", "11", "12", "frame8"]) == {"12", "frame8"}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_a_table_of_its_documents(name: str) -> None:
    table = TABLES[name]
    assert table.documents == family(name).documents
    assert len(table.by_code) == len(table.rows)
    assert sum(len(row.errors) for row in table.rows) == len(table.by_error), "an error has one meaning"
    assert not table.about_the_command & table.by_error.keys()
    for row in table.rows:
        assert row.name in CONDITIONS
        assert row.waits <= set(table.documents)
        assert row.errors or row.seen, f"{row.name} is recognised by nothing"
        if row.heals is Heals.REPORT:
            assert "daily_report" not in row.waits, f"a report ends {row.name}, and must not wait for that"


def test_every_condition_belongs_to_a_family_and_is_a_state() -> None:
    assert {row.name for table in TABLES.values() for row in table.rows} == CONDITIONS.keys()
    for name in CONDITIONS:
        assert state_of(problem(f"printer.{name}", reason="", reason_pl="")) is PrinterState(name)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_says_what_it_is_and_what_to_do(name: str) -> None:
    words = CONDITIONS[name]
    row = CATALOGUE[f"printer.{name}"]
    assert (row.title, row.detail, row.detail_pl) == (words.title, words.detail, words.detail_pl)
    assert row.retry is Retry.SAME_KEY
    fields = {field for text in (words.detail, words.detail_pl) for _, field, _, _ in Formatter().parse(text) if field}
    assert fields <= {"reason", "reason_pl"}
    assert {field for _, field, _, _ in Formatter().parse(words.fix) if field} <= {"printer"}
    said = condition_problem(name, "why", "dlaczego; wezwij serwis", device_code="7")
    assert (said.code, said.device_code) == (f"printer.{name}", "7")
    assert said.detail_pl.endswith(".")
    assert "{" not in said.detail + said.detail_pl
    assert said.detail_pl.count("ezwij serwis") == (words.heals is Heals.SERVICE) + ("lub wezwij" in words.detail_pl)


#: Errors of these reactions are the printer's business, or the day's, or pass: each is decided in the table.
POSNET_REACTIONS = {
    posnet.Reaction.FULL, posnet.Reaction.DAY, posnet.Reaction.AUTHORISATION, posnet.Reaction.SERVICE,
    posnet.Reaction.MEDIUM,
}  # fmt: skip
THERMAL_REACTIONS = {
    thermal.Reaction.DAY, thermal.Reaction.LATER, thermal.Reaction.SERVICE, thermal.Reaction.TEXTS
}  # fmt: skip


def test_every_error_of_a_posnet_printer_is_decided() -> None:
    about_printer = [error for error, code in POSNET_ERRORS.items() if code.reaction in POSNET_REACTIONS]
    assert len(about_printer) > 90
    assert undecided(POSNET, about_printer) == set()
    assert {*POSNET.by_error, *POSNET.about_the_command} <= POSNET_ERRORS.keys()


@pytest.mark.parametrize("brand", Brand)
def test_every_error_of_a_thermal_printer_is_decided(brand: Brand) -> None:
    about_printer = {str(n) for n, code in thermal.CODES[brand].items() if code.reaction in THERMAL_REACTIONS}
    named = {error.removeprefix(brand.value) for error in (*THERMAL.by_error, *THERMAL.about_the_command)}
    assert len(about_printer) > 15
    assert about_printer - named == set()
    digits = {re.sub(r"\D", "", error) for error in (*THERMAL.by_error, *THERMAL.about_the_command)}
    assert digits <= THERMAL_ERRORS


#: Conditions that the issue names, and the numbers that the references give for them.
KNOWN = {
    "posnet": {
        "report_due": "383", "no_header": "2002", "no_rates": "2004", "unauthorised": "484", "goods_full": "2101",
        "memory_full": "1018", "jumper": "360", "no_clock": "460", "busy": "frame14", "read_only": "2036",
        "totals_full": "2010", "battery": "2704",
    },
    "thermal": {
        "report_due": "1116", "no_header": "40", "no_rates": "85", "goods_full": "92", "jumper": "novitus94",
        "no_clock": "1", "busy": "112", "totals_full": "28", "battery": "97", "memory_full": "1008",
        "read_only": "1021", "paper_out": "1037",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "condition", "error"), [(name, *pair) for name, pairs in KNOWN.items() for pair in pairs.items()]
)
def test_conditions_are_recognised_by_the_numbers_of_the_references(name: str, condition: str, error: str) -> None:
    assert TABLES[name].by_error[error].name == condition


def test_the_device_s_own_condition_goes_before_one_that_some_documents_pass() -> None:
    out = Condition(state=PrinterState.PAPER_OUT, problem=condition_problem("paper_out"))
    ready = Condition(state=PrinterState.READY, paper_low=True)
    due = condition_problem("report_due")
    assert worst(out, due) is out
    assert worst(ready, None) is ready
    assert worst(ready, due) == Condition(state=PrinterState.REPORT_DUE, problem=due, paper_low=True)


def test_the_documentation_holds_the_tables() -> None:
    page = Path(__file__).parents[2] / "docs" / "conditions.md"
    assert page.read_text("utf-8") == markdown(TABLES), "make docs"
