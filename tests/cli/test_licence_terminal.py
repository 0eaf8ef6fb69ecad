"""``fiscalctl licence`` with a person at a terminal, against a daemon and the vendor's server."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from click.testing import CliRunner, Result

from fiscald import daemon
from fiscald.cli.fiscalctl import main
from fiscald.cli.licence_asking import meant
from fiscald.config import CompanyConfig, Config, LicenceConfig
from tests.licence.server.https import RunningVendor, published_keyring, vendor_server

EMAIL = "biuro@piekarnia.example"
BAKERY = CompanyConfig(name="Piekarnia", postcode="00-950", nip="1234563218")
DAIRY = CompanyConfig(name="Mleczarnia", postcode="30-001", nip="5260001246")


class Terminal:
    """A person's terminal, with a program in it."""

    def __init__(self, *command: str) -> None:
        self._ours, theirs = pty.openpty()
        self.program = subprocess.Popen(
            [sys.executable, "-m", "fiscald.cli.fiscalctl", *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "dumb", "COLUMNS": "200"},
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def read(self, until: str | None = None) -> str:
        """What is shown up to these words; or to the end of the program."""
        seen, ends = "", time.monotonic() + 30
        while until is None or until not in seen:
            if not select.select([self._ours], [], [], max(ends - time.monotonic(), 0))[0]:
                raise AssertionError(f"{until!r} is not shown, but {self.shown}{seen}")
            try:
                data = os.read(self._ours, 4096)
            except OSError:
                data = b""
            if not data:
                assert until is None, f"{until!r} is not shown, but {self.shown}{seen}"
                break
            seen += data.decode()
        self.shown += seen
        return seen

    def answer(self, question: str, text: str) -> None:
        self.read(question)
        os.write(self._ours, text.encode() + b"\n")

    def ends(self, code: int) -> str:
        """The rest of what is shown; the exit code must be this."""
        rest = self.read()
        assert self.program.wait(30) == code, self.shown
        os.close(self._ours)
        return rest


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as it:
        yield it


@pytest.fixture
def vendor(portal: BlockingPortal, tmp_path: Path) -> Iterator[RunningVendor]:
    with portal.wrap_async_context_manager(vendor_server(tmp_path, keyring=published_keyring())) as running:
        yield running


@contextmanager
def computer(
    portal: BlockingPortal, vendor: RunningVendor, folder: Path, name: str, company: CompanyConfig | None = None
) -> Iterator[Path]:
    """The socket of a daemon without a printer, on another computer."""
    config = Config(
        socket=folder / f"{name}.sock",
        state_dir=folder / name,
        licence=LicenceConfig(test_keys=True, server=vendor.url, ca_file=vendor.ca_file),
        company=company,
        printers={},
    )
    future, _ = portal.start_task(partial(daemon.run, config, machine=lambda: f"machine-{name}"))
    try:
        yield config.socket
    finally:
        future.cancel()


Open = Callable[..., Path]


@pytest.fixture
def on(portal: BlockingPortal, vendor: RunningVendor, tmp_path: Path) -> Iterator[Open]:
    """Starts computers by name."""
    with ExitStack() as stack:

        def start(name: str, company: CompanyConfig | None = None) -> Path:
            return stack.enter_context(computer(portal, vendor, tmp_path, name, company))

        yield start


def run(socket: Path, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--socket", str(socket), "--json", "licence", *arguments], input=text)


def mistyped(number: str) -> str:
    return number[:7] + ("2" if number[7] != "2" else "3") + number[8:]


@pytest.mark.slow
def test_registering_asks_for_missing_values_until_they_are_valid(vendor: RunningVendor, on: Open) -> None:
    """A number is looked at as soon as it is typed, before the next question; and so is the company."""
    socket, number, year = on("till"), vendor.number(), vendor.update_number()
    terminal = Terminal("--socket", str(socket), "licence", "register")
    terminal.answer("Licence number X", mistyped(number))
    assert "licence.number: " in terminal.read("Licence number X")
    os.write(terminal._ours, year.encode() + b"\n")  # it belongs in the other field
    assert "licence.number: " in terminal.read("Licence number X")
    os.write(terminal._ours, number.encode() + b"\n")
    terminal.answer("Updates & support number Y", mistyped(year))
    terminal.answer("Updates & support number Y", year)
    terminal.answer(
        "E-mail (empty: none; the licence of a dead computer then moves by its number only)", "anna at bakery"
    )
    assert "is no e-mail address" in terminal.read("E-mail")
    os.write(terminal._ours, EMAIL.encode() + b"\n")
    terminal.answer("Company", "Piekarnia")
    terminal.answer("Postcode", "00-950")
    terminal.answer("Tax number (NIP)", "1234563219")
    assert "licence.company: " in terminal.read("Company")
    os.write(terminal._ours, b"Piekarnia\n")
    terminal.answer("Postcode", "00-950")
    terminal.answer("Tax number (NIP)", "123-456-32-18")
    shown = terminal.ends(0)
    assert "state: active" in shown
    assert "company: Piekarnia, 00-950, 1234563218" in shown


@pytest.mark.slow
def test_registering_does_not_ask_for_a_configured_company(vendor: RunningVendor, on: Open) -> None:
    terminal = Terminal("--socket", str(on("till", BAKERY)), "licence", "register")
    terminal.answer("Licence number X", vendor.number())
    terminal.answer("Updates & support number Y", "")
    terminal.answer("E-mail", "")
    assert "Postcode" not in terminal.ends(0)


@pytest.mark.slow
def test_a_number_on_two_lines_is_one_answer(vendor: RunningVendor, on: Open) -> None:
    """Pasted at the question, with what stands around it in a mail; and from standard input, before the next number."""
    number, year = vendor.number(), vendor.update_number()
    begin, end = number[:18], number[18:]
    socket = on("till", BAKERY)
    terminal = Terminal("--socket", str(socket), "licence", "register", "--email", EMAIL)
    terminal.answer("Licence number X", f"Numer licencji: {begin}")
    terminal.answer("It goes on", f"{end}.")
    terminal.answer("Updates & support number Y", "")
    assert "state: active" in terminal.ends(0)
    told = run(socket, "register", "-", "--support", "-", text=f"Numer X:\n{begin}\n{end}\n{year}\n")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["number"] == f"{number[:5]}-{number[-4:]}"


@pytest.mark.slow
def test_registering_nothing_says_what_is_needed(on: Open) -> None:
    terminal = Terminal("--socket", str(on("till")), "licence", "register")
    terminal.answer("Licence number X", "")
    terminal.answer("Updates & support number Y", "")
    assert "give NUMBER, --support, or both" in terminal.ends(2)


@pytest.mark.slow
def test_a_trial_asks_for_company_and_code_until_they_are_valid(
    portal: BlockingPortal, vendor: RunningVendor, on: Open
) -> None:
    terminal = Terminal("--socket", str(on("till")), "licence", "enrol")
    terminal.answer("E-mail", EMAIL)
    terminal.answer("Company", "Piekarnia")
    terminal.answer("Postcode", "00-950")
    terminal.answer("Tax number (NIP)", "1234563218")
    terminal.answer("Code", "AAAAA-AAAAA")
    assert "code_wrong" in terminal.read("Code")
    os.write(terminal._ours, portal.call(vendor.mailbox.code).encode() + b"\n")
    assert "state: trial" in terminal.ends(0)


@pytest.mark.slow
def test_the_commands_do_not_ask_without_a_terminal(vendor: RunningVendor, on: Open) -> None:
    socket = on("till")
    missing = run(socket, "register")
    assert (missing.exit_code, "give NUMBER" in missing.output) == (2, True)
    company = run(socket, "register", "-", text=vendor.number() + "\n")
    assert company.exit_code == 23
    assert json.loads(company.stderr)["prompt"] == "company"


# -- what cannot be taken back ---------------------------------------------------------------------------


@pytest.mark.slow
def test_giving_the_licence_back_is_confirmed(vendor: RunningVendor, on: Open) -> None:
    socket = on("till", BAKERY)
    assert run(socket, "register", "-", text=vendor.number() + "\n").exit_code == 0
    refused = run(socket, "deactivate")
    assert (refused.exit_code, "--yes" in refused.output) == (2, True)
    terminal = Terminal("--socket", str(socket), "licence", "deactivate")
    terminal.answer("of Piekarnia back?", "n")
    terminal.ends(6)
    assert run(socket, "status").exit_code != 10, "it is still here"
    terminal = Terminal("--socket", str(socket), "licence", "deactivate")
    terminal.answer("of Piekarnia back?", "y")
    assert "state: unregistered" in terminal.ends(0)


@pytest.mark.slow
def test_a_script_that_says_yes_gives_the_licence_back(vendor: RunningVendor, on: Open) -> None:
    socket = on("till", BAKERY)
    assert run(socket, "register", "-", text=vendor.number() + "\n").exit_code == 0
    given_back = run(socket, "deactivate", "--yes")
    assert (given_back.exit_code, json.loads(given_back.stdout)["state"]) == (0, "unregistered")


@pytest.mark.slow
def test_an_emergency_pass_is_not_used_while_the_licence_prints(vendor: RunningVendor, on: Open) -> None:
    socket = on("till", BAKERY)
    assert run(socket, "register", "-", text=vendor.number() + "\n").exit_code == 0
    refused = run(socket, "emergency")
    assert refused.exit_code == 26
    told = json.loads(refused.stderr)
    assert (told["code"], told["state"]) == ("licence.emergency_useless", "active")
    assert json.loads(run(socket, "status").stdout)["emergency_until"] is None


# -- which licence ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_of_several_licences_is_chosen_by_its_number_in_the_list(
    portal: BlockingPortal, vendor: RunningVendor, on: Open
) -> None:
    for name, company in (("bakery", BAKERY), ("dairy", DAIRY)):
        socket = on(name, company)
        mails = len(vendor.mailbox.mails)
        assert run(socket, "enrol", "--email", EMAIL).exit_code == 0
        code = portal.call(vendor.mailbox.code, mails + 1)
        assert run(socket, "enrol", "--email", EMAIL, "--code", code).exit_code == 0
    socket, mails = on("new"), len(vendor.mailbox.mails)
    terminal = Terminal("--socket", str(socket), "licence", "transfer", EMAIL)
    terminal.answer("Code", portal.call(vendor.mailbox.code, mails + 1))
    shown = terminal.read("Which licence")
    second = next(line for line in shown.splitlines() if line.startswith("2. "))
    os.write(terminal._ours, b"7\n")
    assert "'7' matches none or several of these licences" in terminal.read("Which licence")
    os.write(terminal._ours, b"2\n")
    moved = terminal.ends(0)
    assert second.split(": ")[1].split(",")[0] in moved


@pytest.mark.slow
def test_a_computer_of_several_is_chosen_by_its_number_in_the_list(
    portal: BlockingPortal, vendor: RunningVendor, on: Open
) -> None:
    for name in ("till", "office"):
        registered = run(on(name, BAKERY), "register", "-", "--email", EMAIL, text=vendor.number() + "\n")
        assert registered.exit_code == 0
    socket, mails = on("new"), len(vendor.mailbox.mails)
    terminal = Terminal("--socket", str(socket), "licence", "transfer", EMAIL)
    terminal.answer("Code", portal.call(vendor.mailbox.code, mails + 1))
    shown = terminal.read("Which computer does this one replace")
    second = next(line for line in shown.splitlines() if line.startswith("2. "))
    os.write(terminal._ours, b"2\n")
    moved = terminal.ends(0)
    assert second.split("number ")[1].split(",")[0] in moved


MOVABLE = {
    "lic_7Q4M2K9X": "Piekarnia Żurek, 00-950",
    "lic_7Q9ZZZZZ": "Piekarnia Nowak, 30-001",
    "lic_2ABCDEFG": "Mleczarnia, 00-001",
}


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("1", "lic_7Q4M2K9X"),
        (" 3 ", "lic_2ABCDEFG"),
        ("lic_7Q4M2K9X", "lic_7Q4M2K9X"),
        ("lic_7Q4", "lic_7Q4M2K9X"),
        ("7q9", "lic_7Q9ZZZZZ"),
        ("mlecz", "lic_2ABCDEFG"),
        ("piekarnia ż", "lic_7Q4M2K9X"),
        ("2", "lic_7Q9ZZZZZ"),  # the second of the list, though an id begins so
        ("2A", "lic_2ABCDEFG"),
        ("4", None),
        ("0", None),
        ("²", None),
        ("7Q", None),
        ("Piekarnia", None),
        ("lic_", None),
        ("", None),
        ("Kawiarnia", None),
    ],
)
def test_a_licence_is_chosen_by_number_or_name(said: str, licence: str | None) -> None:
    assert meant(said, MOVABLE) == licence
