"""``python -m tests.licence.demo``: a shop's whole way with its licence, from the trial to the revocation.

Real: the vendor's server over HTTPS, the daemon, ``fiscalctl`` as a program, an emulated printer. Not real: the dates,
which are moved by hand, and the mail server, which is a list. Every step is printed and checked; 1 if one is wrong.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from fiscald import daemon
from fiscald.config import CompanyConfig, Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.server import admin
from tests.licence.server.https import RunningVendor, published_keyring, vendor_server

DAY = 86_400
COMPANY = CompanyConfig(name="Piekarnia Żurek sp. z o.o.", postcode="00-950", nip="1234563218")
EMAIL = "biuro@piekarnia.example"
RECEIPT = {"type": "receipt", "lines": [{"name": "Chleb", "price": "5.00", "vat": "5%"}]}


class Wrong(Exception):
    """A step did not do what it should."""


@dataclass
class Dates:
    """The date for all parts."""

    ahead: int = 0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def seconds(self) -> int:
        return int(self())

    def go(self, days: int) -> None:
        self.ahead += days * DAY
        print(f"\n-- {days} days later: {self.today}")

    @property
    def today(self) -> datetime.date:
        return datetime.datetime.fromtimestamp(self(), datetime.UTC).date()


@dataclass
class Computer:
    """A computer with a daemon, and its printer."""

    name: str
    socket: Path
    printer: EmulatedPrinter
    receipts: list[str] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str | None = None, code: int = 0) -> dict[str, Any]:
        """``fiscalctl --json ...``; shown, checked against the exit ``code``, and read."""
        shown = " ".join(argument if len(argument) < 60 else argument[:57] + "..." for argument in arguments)
        done = subprocess.run(
            [sys.executable, "-m", "fiscald.cli.fiscalctl", "--json", *arguments], input=stdin, capture_output=True, text=True,
            env=os.environ | {"FISCALD_SOCKET": str(self.socket)}, timeout=60, check=False,
        )  # fmt: skip
        answer: dict[str, Any] = json.loads(done.stdout or done.stderr)
        print(f"{self.name}$ fiscalctl {shown}\n    {told(answer)}   [exit {done.returncode}]")
        if done.returncode != code:
            raise Wrong(f"exit {done.returncode} instead of {code}: {done.stdout}{done.stderr}")
        return answer

    def sell(self, *, code: int = 0, wait: str = "30") -> dict[str, Any]:
        """One receipt."""
        self.receipts.append(f"{self.name}/{len(self.receipts)}")
        return self.run("print", "-", "--key", self.receipts[-1], "--wait", wait, stdin=json.dumps(RECEIPT), code=code)


def told(answer: dict[str, Any]) -> str:
    """The part of an answer that a step is about."""
    if "code" in answer:
        return f"{answer['code']}: {answer['detail']}"
    if "document" in answer:
        number = (answer["result"] or {}).get("number")
        licence = answer.get("licence") or {"state": "active", "warnings": []}
        more = f", number {number}" if number else ""
        return f"{answer['state']}{more}; licence {licence['state']} {' '.join(licence['warnings'])}"
    names = ("state", "kind", "number", "updates_until", "confirm_by", "days_left", "warnings", "mail")
    return ", ".join(f"{name} {answer[name]}" for name in names if answer.get(name))


def expect(what: str, *, true: bool) -> None:
    """A fact of a step."""
    print(f"    {'ok' if true else 'WRONG'}: {what}")
    if not true:
        raise Wrong(what)


@contextlib.contextmanager
def computer(
    portal: BlockingPortal, folder: Path, name: str, vendor: RunningVendor, dates: Dates
) -> Iterator[Computer]:
    """A computer with a daemon and a separate printer."""
    with EmulatedPrinter() as printer:
        config = Config(
            socket=folder / f"{name}.sock",
            state_dir=folder / name,
            licence=LicenceConfig(test_keys=True, server=vendor.url, ca_file=vendor.ca_file),
            company=COMPANY,
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        machine = partial(str, f"00000000-0000-4000-8000-{len(name):012d}")
        future, _ = portal.start_task(partial(daemon.run, config, clock=dates, machine=machine))
        try:
            yield Computer(name, config.socket, printer)
        finally:
            future.cancel()


def play(portal: BlockingPortal, folder: Path) -> None:
    """All steps."""
    dates, keyring = Dates(), published_keyring()

    def server(port: int = 0) -> AbstractContextManager[RunningVendor]:
        """The vendor's server; started again it has its memory and its address."""
        running = vendor_server(folder, clock=dates.seconds, keyring=keyring, port=port)
        return portal.wrap_async_context_manager(running)

    with contextlib.ExitStack() as stack:
        with server() as vendor:
            print(f"-- {dates.today}: the vendor's server is at {vendor.url}")
            till = stack.enter_context(computer(portal, folder, "till", vendor, dates))
            first_steps(portal, till, vendor)
            dates.go(20)
            bought(till, vendor)
            office = stack.enter_context(computer(portal, folder, "office", vendor, dates))
            moved(portal, till, office, vendor)
        print("\n-- the vendor's server is away")
        dates.go(40)
        offline(office)
        with server(int(vendor.url.rpartition(":")[2])) as vendor:
            print("\n-- the vendor's server is back")
            found = office.run("licence", "check")
            expect("one answer makes all well", true="licence.w.lapsed" not in found["warnings"])
            revoked(office, vendor)


def first_steps(portal: BlockingPortal, till: Computer, vendor: RunningVendor) -> None:
    """Nothing, then a trial."""
    refused = till.sell(code=5)
    expect("without a licence the answer asks the application for a number", true=refused["prompt"] == "number")
    till.run("licence", "enrol", "--email", EMAIL)
    code = portal.call(vendor.mailbox.code)
    print(f"    mail to {vendor.mailbox.mails[-1]['To']}: {vendor.mailbox.mails[-1]['Subject']!r}, code {code}")
    trial = till.run("licence", "enrol", "--email", EMAIL, "--code", code)
    expect("a trial for 30 days", true=trial["state"] == "trial" and trial["days_left"] in (29, 30))
    expect("a receipt on the trial", true=till.sell()["state"] == "done")


def bought(till: Computer, vendor: RunningVendor) -> None:
    """A number, and a year of updates."""
    number, year = vendor.number(), vendor.update_number()
    print(f"    the vendor issues {number} and, for updates, {year}")
    mistyped = number[:7] + ("2" if number[7] != "2" else "3") + number[8:]
    typo = till.run("licence", "register", "-", stdin=mistyped, code=20)
    expect("a mistyped character is named", true=typo["places"] == [{"group": 2, "character": 2}])
    paid = till.run("licence", "register", "-", stdin=number)
    expect("a bought licence", true=(paid["state"], paid["kind"]) == ("active", "paid"))
    more = till.run("licence", "register", "--support", year)
    expect("a year more of updates", true=more["updates_until"] > paid["updates_until"])
    expect("a receipt", true=till.sell()["state"] == "done")


def moved(portal: BlockingPortal, till: Computer, office: Computer, vendor: RunningVendor) -> None:
    """Another computer."""
    expect("another computer has no licence", true=office.sell(code=5)["prompt"] == "number")
    mails = len(vendor.mailbox.mails)
    office.run("licence", "transfer", EMAIL)
    code = portal.call(vendor.mailbox.code, mails + 1)
    here = office.run("licence", "transfer", EMAIL, "--code", code)
    expect("the licence is on the other computer now", true=here["state"] == "active")
    expect("which sells", true=office.sell()["state"] == "done")
    till.run("licence", "check")
    expect("the first one opens nothing any more", true=till.sell(code=5)["code"] == "licence.transferred")
    till.run("report", "daily")
    expect("but closes its day", true=True)


def offline(office: Computer) -> None:
    """No answer for 40 days."""
    office.run("licence", "check", code=22)
    sold = office.sell()
    expect("after 40 days without contact it still sells", true=sold["state"] == "done")
    expect("and warns", true=sold["licence"]["warnings"][0] == "licence.w.lapsed")


def revoked(office: Computer, vendor: RunningVendor) -> None:
    """The vendor withdraws the licence while a receipt is open."""
    printer = office.printer
    printer.fault("switch", "trline", switch="paper_out")
    office.sell(code=6, wait="2")
    expect("a receipt is open, and the paper is out", true=printer.register.transaction is not None)
    licence = office.run("licence", "status")["licence"]
    with vendor.store.transaction(vendor.clock(), "demo") as t:
        admin.revoke(t, vendor.rules, licence, "nie zapłacono faktury")
    found = office.run("licence", "check")
    expect("it is revoked", true=found["state"] == "revoked")
    printer.switch("paper_out", on=False)
    done = office.run("job", office.receipts[-1], "--wait", "30")
    expect("the open receipt is finished", true=done["state"] == "done")
    expect("no other is opened", true=office.sell(code=5)["code"] == "licence.revoked")
    office.run("report", "daily")
    expect("the day can be closed", true=printer.register.reports == 1)


def main() -> int:
    """Run it; 1 if a step is wrong."""
    with tempfile.TemporaryDirectory(prefix="licence-demo-") as folder, start_blocking_portal() as portal:
        try:
            play(portal, Path(folder))
        except Wrong as wrong:
            print(f"WRONG: {wrong}")
            return 1
    print("\nAll steps as promised.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
