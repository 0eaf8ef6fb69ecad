"""``python -m tests.licence.demo``: a shop's whole way with its licence, from the trial to the revocation.

Between them: an order of the web shop, another till, a computer that dies on a Sunday, a Dutch customer, a vendor who has
to put a backup back. Real: the vendor's server over HTTPS, the daemon, ``fiscalctl`` as a program, an emulated printer. Not real: the dates,
which are moved by hand, and the mail server, which is a list. Every step is printed and checked; 1 if one is wrong.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import ssl
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

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from fiscald import daemon
from fiscald.config import CompanyConfig, Config, LicenceConfig, PrinterConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence import number_reading
from fiscald.licence.server import access, admin, backups, listing, selling
from fiscald.licence.server.selling import Item
from tests.licence.server.https import RunningVendor, published_keyring, vendor_server

DAY = 86_400
COMPANY = CompanyConfig(name="Piekarnia Żurek sp. z o.o.", postcode="00-950", nip="1234563218")
#: Without tax number, on a printer whose memory tells none.
FLORIST = CompanyConfig(name="De Bloem", postcode="1011 AB", country="NL")
EMAIL, DUTCH_EMAIL = "biuro@piekarnia.example", "winkel@debloem.example"
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

    def go_to_sunday(self) -> None:
        """The vendor's office is closed."""
        self.go((6 - self.today.weekday()) or 7)
        print("-- a Sunday: the vendor's office is closed")

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


class WebShop:
    """The vendor's web shop: a program with an access token."""

    def __init__(self, vendor: RunningVendor) -> None:
        with vendor.store.transaction(vendor.clock(), "demo") as t:
            _, self._token = access.create_token(t, vendor.rules.keyring, "web shop", "issue")
        self._url = vendor.url
        self._tls = ssl.create_default_context(cafile=vendor.ca_file)
        self.sold: list[str] = []

    def order(self, id_: str, *fields: str, email: str = EMAIL, lang: str = "pl") -> list[str]:
        """Place an order for numbers X and Y, which are mailed, too; its numbers. Again, they are the same."""
        items = [
            {"field": "Y"} if field == "Y" else {"field": "X", "modules": ["fiscal"], "support": True}
            for field in fields
        ]
        body = {"items": items, "invoice": f"FV/{id_}", "buyer": email, "email": email, "lang": lang, "send": True}
        said = httpx.put(
            f"{self._url}/v1/orders/{id_}",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
            verify=self._tls,
        )
        numbers = [each["number"] for each in said.raise_for_status().json()["numbers"]]
        print(
            f"web shop$ PUT /v1/orders/{id_} {' '.join(fields)} for {email}\n    {said.status_code}: {' '.join(numbers)}"
        )
        self.sold += [number for number in numbers if number not in self.sold]
        return numbers


def expect(what: str, *, true: bool) -> None:
    """A fact of a step."""
    print(f"    {'ok' if true else 'WRONG'}: {what}")
    if not true:
        raise Wrong(what)


@contextlib.contextmanager
def computer(
    portal: BlockingPortal, folder: Path, name: str, vendor: RunningVendor, dates: Dates, *,
    company: CompanyConfig = COMPANY, family: str = "posnet",
) -> Iterator[Computer]:  # fmt: skip
    """A computer with a daemon and a separate printer."""
    with EmulatedPrinter(family) as printer:
        config = Config(
            socket=folder / f"{name}.sock",
            state_dir=folder / name,
            licence=LicenceConfig(test_keys=True, server=vendor.url, ca_file=vendor.ca_file),
            company=company,
            printers={"till1": PrinterConfig(family=family, address=printer.address)},
        )
        machine = partial(str, f"00000000-0000-4000-8000-{name.encode().hex()[:12]:0>12}")
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

        def arrive(name: str, **options: Any) -> Computer:
            return stack.enter_context(computer(portal, folder, name, vendor, dates, **options))

        with server() as vendor:
            print(f"-- {dates.today}: the vendor's server is at {vendor.url}")
            till = arrive("till")
            first_steps(portal, till, vendor)
            dates.go(20)
            shop = WebShop(vendor)
            bought(portal, till, vendor, shop)
            office = arrive("office")
            moved(portal, till, office, vendor)
            second = another_till(till, office, vendor, shop)
            dates.go_to_sunday()
            dead_computer(portal, till, arrive("spare"), vendor, second)
            backup = folder / "backup" / "vendor.db"
            backups.copy(folder / "vendor.db", backup)
            print("\n-- the vendor makes a backup of the database; the next customer comes after it")
            dutch = arrive("winkel", company=FLORIST, family="thermal")
            dutch_customer(portal, dutch, vendor, shop)
        print("\n-- the vendor's server is away: its disk broke")
        dates.go(40)
        offline(office)
        put_back(backup, folder / "vendor.db")
        with server(int(vendor.url.rpartition(":")[2])) as vendor:
            print("\n-- the vendor's server is back, with the backup")
            restored(office, dutch, vendor, shop)
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


def bought(portal: BlockingPortal, till: Computer, vendor: RunningVendor, shop: WebShop) -> None:
    """A number, and a year of updates, from the web shop."""
    mails = len(vendor.mailbox.mails)
    number, year = shop.order("2026-0815", "X", "Y")
    expect("asked again, the shop gets the same numbers", true=shop.order("2026-0815", "X", "Y") == [number, year])
    portal.call(vendor.mailbox.wait, mails + 1)
    mail = read_mail(vendor)
    expect("they are in the customer's mail", true=number in mail and year in mail)
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


def read_mail(vendor: RunningVendor) -> str:
    """The newest mail: its subject is shown."""
    mail = vendor.mailbox.mails[-1]
    print(f"    mail to {mail['To']}: {mail['Subject']!r}")
    return f"{mail['Subject']}\n{mail.get_content()}"


def another_till(till: Computer, office: Computer, vendor: RunningVendor, shop: WebShop) -> str:
    """A second number adds a seat to the licence."""
    (number,) = shop.order("2026-0907", "X")
    refused = office.run("licence", "register", "-", stdin=number, code=21)
    expect("typed on the wrong computer it is not lost", true=refused["vendor_code"] == "number_not_needed")
    here = till.run("licence", "register", "-", stdin=number)
    expect("two computers, one licence", true=here["state"] == "active" and here["licence"] == licence_of(office))
    expect("both sell", true=till.sell()["state"] == office.sell()["state"] == "done")
    with vendor.store.reading(vendor.clock()) as t:
        expect("the vendor sees two seats", true=len(listing.licence_row(t, here["licence"])["seats"]) == 2)
    return number


def licence_of(where: Computer) -> str:
    """The id of a computer's licence, after a check."""
    where.run("licence", "check")
    return str(where.run("licence", "status")["licence"])


def dead_computer(portal: BlockingPortal, till: Computer, spare: Computer, vendor: RunningVendor, number: str) -> None:
    """The same number on another computer, without the vendor's help."""
    print("    the second till's computer is broken; the number is on its invoice")
    mails = len(vendor.mailbox.mails)
    here = spare.run("licence", "register", "-", stdin=number)
    expect("the new computer has its seat", true=here["state"] == "active")
    expect("and sells", true=spare.sell()["state"] == "done")
    portal.call(vendor.mailbox.wait, mails + 1)
    expect("the owner gets a mail about it", true="komputer" in read_mail(vendor))
    print("    the old computer was repaired, and checks")
    till.run("licence", "check")
    expect("it opens nothing any more", true=till.sell(code=5)["code"] == "licence.transferred")


def dutch_customer(portal: BlockingPortal, shop_till: Computer, vendor: RunningVendor, shop: WebShop) -> None:
    """A company without tax number, a printer that tells none, and mails in Dutch."""
    mails = len(vendor.mailbox.mails)
    (number,) = shop.order("2026-1001", "X", email=DUTCH_EMAIL, lang="nl")
    portal.call(vendor.mailbox.wait, mails + 1)
    expect("the order's mail is in Dutch", true="Bedankt voor uw bestelling" in read_mail(vendor))
    here = shop_till.run("licence", "register", "-", "--email", DUTCH_EMAIL, stdin=number)
    expect("a bought licence", true=(here["state"], here["kind"]) == ("active", "paid"))
    portal.call(vendor.mailbox.wait, mails + 2)
    expect("a Dutch mail says that the address may move it", true="licentie" in read_mail(vendor))
    expect("a receipt", true=shop_till.sell()["state"] == "done")


def put_back(backup: Path, database: Path) -> None:
    """What a vendor does whose disk broke."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, database)
    database.chmod(0o600)


def restored(office: Computer, dutch: Computer, vendor: RunningVendor, shop: WebShop) -> None:
    """The database is older than what was sold and signed."""
    with vendor.store.transaction(vendor.clock(), "demo") as t:
        licences = admin.restored(t)
        numbers = [number_reading.read(number) for number in shop.sold]
        adopted = [
            number.hint
            for number in numbers
            if selling.adopt(t, vendor.rules.keyring, number, Item(number.kind, number.flags))
        ]
    print(
        f"vendor$ fiscald-vendor restored; adopt < numbers.txt\n    {licences} licences; taken up: {' '.join(adopted)}"
    )
    found = office.run("licence", "check")
    expect("one answer makes all well", true="licence.w.lapsed" not in found["warnings"])
    expect("who came after the backup sells meanwhile", true=dutch.sell()["state"] == "done")
    expect(
        "the vendor does not know its licence",
        true=dutch.run("licence", "check", code=21)["vendor_code"] == "licence_unknown",
    )
    again = dutch.run("licence", "register", "-", stdin=shop.sold[-1])
    expect("the same number, and all is as before", true=again["state"] == "active" and not again["warnings"])


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
