"""Reminds customers before their updates, a trial or a term ends: once a day, each of the configured days once.

A seat remembers the newest reminder that was sent for it, as the end and how many days before. So neither a restart
nor a clock that was set back sends one twice; days on which the server did not run are made up for, with the last
reminder that is due. Seats are found by indexes, a page at a time, outside any transaction that others wait for.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import anyio
from anyio import to_thread

from fiscald.licence.server.certificates import Certificates
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.records import Licence, Seat
from fiscald.licence.server.refusals import Unable
from fiscald.licence.server.store import Store
from fiscald.licence.server.terms import day
from fiscald.licence.server.transaction import Transaction

log = logging.getLogger(__name__)

#: Seats that are looked at in one read.
PAGE = 200
#: Licences that are written about in one transaction: the server's answers wait for it.
BATCH = 20
#: Seconds between two looks whether a new day has begun.
POLL_INTERVAL = 600.0
#: Numbers that one mail names.
_MAX_HINTS = 5
_DONE = "reminded"


class Reminder(NamedTuple):
    """One mail about seats of one licence that end on the same day."""

    licence: str
    template: MailTemplate
    seats: tuple[str, ...]
    days: int
    """Which of the configured reminders it is."""
    ends: datetime.date
    company: str
    hint: str
    email: str
    lang: str


class _Query(NamedTuple):
    """Seats in the order of their ends: from a key, after a seat, until a key."""

    text: str
    start: str | int
    end: str | int


#: Both read an index from its place on: no seat is looked at that ends later.
BY_UPDATES = """
    SELECT upd, seat.rowid, licence_id FROM seat WHERE upd >= ?1 AND upd <= ?3 AND (upd, seat.rowid) > (?1, ?2)
    AND ends IS NULL AND state = 'active' ORDER BY upd, seat.rowid LIMIT ?4
"""
BY_END = """
    SELECT ends, seat.rowid, licence_id FROM seat WHERE ends >= ?1 AND ends <= ?3 AND (ends, seat.rowid) > (?1, ?2)
    AND ends IS NOT NULL AND state = 'active' ORDER BY ends, seat.rowid LIMIT ?4
"""


class Reminders:
    """Sends the reminders of a day."""

    def __init__(self, store: Store, rules: Certificates, days: Sequence[int], clock: Callable[[], int]) -> None:
        """``days``: how many days before an end."""
        self._store = store
        self._rules = rules
        self._days = sorted(set(days))
        self._clock = clock

    async def run(self, wake: Callable[[], None]) -> None:
        """Remind once a day, until cancelled. ``wake``: called when mails were queued."""
        while True:
            try:
                if await self.today():
                    wake()
            except Exception as error:
                # One faulty row must not end the server. Its error's text may contain a name.
                log.error("no reminders: %s", error if isinstance(error, Unable) else type(error).__name__)
            await anyio.sleep(POLL_INTERVAL)

    async def today(self) -> int:
        """Today's reminders, if they were not sent today; how many mails. Raises ``Unable``."""
        if not await to_thread.run_sync(self._is_new_day):
            return 0
        count = 0
        batches = self.send()
        # A batch at a time, so that the task can be cancelled and others get their turn.
        while (batch := await to_thread.run_sync(next, batches, None)) is not None:
            count += len(batch)
        await to_thread.run_sync(self._note_day)
        if count:
            log.info("%d reminders are queued", count)
        return count

    def _is_new_day(self) -> bool:
        with self._store.reading(self._clock) as t:
            return t.meta(_DONE) != day(t.now).isoformat()

    def _note_day(self) -> None:
        with self._store.transaction(self._clock) as t:
            t.set_meta(_DONE, day(t.now).isoformat())

    def send(self) -> Iterator[list[Reminder]]:
        """Queue what is due now; what was queued in each transaction. Raises ``Unable``."""
        for licences in self._candidates():
            for start in range(0, len(licences), BATCH):
                yield self._send(licences[start : start + BATCH])

    def due(self) -> Iterator[list[Reminder]]:
        """What ``send`` would queue now. Raises ``Unable``."""
        seen: set[str] = set()
        for licences in self._candidates():
            new = [licence for licence in licences if licence not in seen]
            seen.update(new)
            with self._store.reading(self._clock) as t:
                yield [reminder for licence in new for reminder in due_of(t, licence, self._days)]

    def _send(self, licences: list[str]) -> list[Reminder]:
        sent: list[Reminder] = []
        with self._store.transaction(self._clock) as t:
            t.check_clock()
            for licence in licences:
                # Looked at again: it may have been suspended or reminded since the page was read.
                for reminder in due_of(t, licence, self._days):
                    self._queue(t, reminder)
                    sent.append(reminder)
        return sent

    def _queue(self, t: Transaction, reminder: Reminder) -> None:
        ends = reminder.ends.isoformat()
        self._rules.queue_mail(
            t, reminder.email, reminder.lang, reminder.template, company=reminder.company, hint=reminder.hint, ends=ends
        )
        for seat in reminder.seats:
            t.do("UPDATE seat SET reminded = ? WHERE id = ?", f"{ends}/{reminder.days}", seat)
        t.audit("seat.reminded", reminder.licence, seats=len(reminder.seats), ends=ends, days=reminder.days)

    def _candidates(self) -> Iterator[list[str]]:
        """Licences with a seat that ends soon, page by page; a licence may come again on another page."""
        if not self._days:
            return
        with self._store.reading(self._clock) as t:
            now = t.now
        last = day(now) + datetime.timedelta(days=self._days[-1])
        after_last = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), datetime.UTC)
        queries = (
            _Query(BY_UPDATES, (day(now) + datetime.timedelta(days=1)).isoformat(), last.isoformat()),
            _Query(BY_END, now + 1, int(after_last.timestamp()) - 1),
        )
        for query in queries:
            key, rowid = query.start, 0
            while True:
                with self._store.reading(self._clock) as t:
                    rows = t.all(query.text, key, rowid, query.end, PAGE)
                if rows:
                    key, rowid, _ = rows[-1]
                    yield list(dict.fromkeys(licence for _, _, licence in rows))
                if len(rows) < PAGE:
                    break


def due_of(t: Transaction, id_: str, days: Sequence[int]) -> list[Reminder]:
    """The reminders that are due for a licence. None where it is not in force, or has no address.

    ``days``: in ascending order.
    """
    licence = t.licence(id_)
    if licence is None or licence.state != "active":
        return []
    groups: dict[tuple[MailTemplate, datetime.date, int], list[Seat]] = {}
    for seat in t.seats(id_):
        if seat.state == "active" and (due := _due(t, licence, seat, days)) is not None:
            groups.setdefault(due, []).append(seat)
    return [
        Reminder(
            id_, template, tuple(seat.id for seat in seats), before, ends,
            seats[0].name or t.company_of(licence).company.name, _hints(t, seats), *address,
        )
        for (template, ends, before), seats in groups.items()
        if (address := _address(t, licence, seats[0])) is not None
    ]  # fmt: skip


def _due(
    t: Transaction, licence: Licence, seat: Seat, days: Sequence[int]
) -> tuple[MailTemplate, datetime.date, int] | None:
    """Which reminder is due for a seat, for which end, and how many days before it."""
    reminded, created = t.one("SELECT reminded, created FROM seat WHERE id = ?", seat.id)
    if seat.ends is None:
        template, ends = MailTemplate.REMINDER_UPDATES, datetime.date.fromisoformat(seat.upd)
        over = ends <= day(t.now)
    else:
        template = MailTemplate.REMINDER_TRIAL if licence.kind == "trial" else MailTemplate.REMINDER_TERM
        ends, over = day(seat.ends), seat.ends <= t.now
    left = (ends - day(t.now)).days
    # None in the first half of a short time: who began a trial of 30 days today knows when it ends.
    fitting = [each for each in days if left <= each and 2 * each <= (ends - day(created)).days]
    if over or not fitting:
        return None
    former_end, _, former_days = (reminded or "/").partition("/")
    if former_end == ends.isoformat() and int(former_days) <= fitting[0]:
        return None
    return template, ends, fitting[0]


def _hints(t: Transaction, seats: list[Seat]) -> str:
    numbers = [number.hint for seat in seats if (number := t.number_of(seat.id)) is not None]
    more = f" (+{len(numbers) - _MAX_HINTS})" if len(numbers) > _MAX_HINTS else ""
    return ", ".join(numbers[:_MAX_HINTS]) + more


def _address(t: Transaction, licence: Licence, seat: Seat) -> tuple[str, str] | None:
    """Where and in which language to write to: the company's account, else the order of the seat's number."""
    account = t.company_of(licence).account
    if account is not None:
        return t.address(account)
    number = t.number_of(seat.id)
    if number is None or number.purchase is None:
        return None
    row = t.one("SELECT email, lang FROM purchase WHERE id = ? AND email IS NOT NULL", number.purchase)
    return None if row is None else (str(row[0]), str(row[1]))
