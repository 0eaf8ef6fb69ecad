"""The shop's programs: they sell, lose their connections, ask again, and write down every answer they get.

Each waits for the end of what it asked for, whatever happens to the daemon, because that is what the README
tells applications to do: the same key again, until the answer is final.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from fiscald.api.client import AsyncClient, ClientError, NotReachable, Refused
from fiscald.api.wire import JobAnswer
from fiscald.model.jobs import JobState, Resolution, Verdict
from fiscald.model.money import format_grosze
from tests.soak.compare import Answer, Person
from tests.soak.documents import Sale, make_sale, mark_of, mark_of_slip, marks_on
from tests.soak.parts import Till
from tests.soak.sources import read_answer

#: Seconds that a request waits in the daemon.
WAIT = 20.0
#: Seconds between two attempts at a daemon that is not there.
PAUSE = 0.2
#: What a client may do with its sale, and how often.
_HABITS = {"plain": 5, "by_get": 3, "twice_at_once": 2, "withdraw": 2, "ask_later": 3, "other_content": 1}


@dataclass(slots=True)
class Ledger:
    """What the clients experienced."""

    submitted: dict[str, Sale] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)
    undecided: dict[str, Person] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    habits: Counter[str] = field(default_factory=Counter)
    away: int = 0
    """How often the daemon could not be reached, after all attempts of the client itself."""
    withdrawn: int = 0

    @property
    def waiting(self) -> list[str]:
        """Keys without a final answer."""
        return [key for key in self.submitted if key not in self.finished]


class Shop:
    """All clients of a campaign."""

    def __init__(self, socket: Path, tills: list[Till], *, seed: int, receipts: int, rest: float) -> None:
        """``rest``: seconds, on average, between an answer and the next sale of a client."""
        self.ledger = Ledger()
        self._socket = socket
        self._tills = {till.name: till for till in tills}
        self._seed = seed
        self._rest = rest
        self._serials: Iterator[int] = iter(range(1, receipts + 1))
        self._closed = False
        self.sold_out = anyio.Event()

    def close(self) -> None:
        """No client begins another sale."""
        self._closed = True

    async def work(self, printer: str, number: int) -> None:
        """One client, from opening to closing time."""
        chance = random.Random(f"{self._seed}/{printer}/{number}")
        habits: dict[str, Callable[[AsyncClient, Sale], Awaitable[None]]] = {
            "plain": self._plain,
            "by_get": self._by_get,
            "twice_at_once": self._twice_at_once,
            "withdraw": self._withdraw,
            "ask_later": self._ask_later(chance),
            "other_content": self._other_content,
        }
        async with AsyncClient(self._socket) as client:
            while not self._closed:
                serial = next(self._serials, None)
                if serial is None:
                    self.sold_out.set()
                    return
                sale = make_sale(self._seed, serial, printer)
                self.ledger.submitted[sale.key] = sale
                (habit,) = chance.choices(list(_HABITS), weights=list(_HABITS.values()))
                self.ledger.habits[habit] += 1
                await habits[habit](client, sale)
                self.ledger.finished.add(sale.key)
                await anyio.sleep(self._rest * chance.uniform(0.0, 2.0))

    # -- habits ---------------------------------------------------------------------------------------

    async def _plain(self, client: AsyncClient, sale: Sale) -> None:
        await self._until_final(sale, lambda: client.submit(sale.key, sale.printer, sale.document, wait=WAIT))

    async def _by_get(self, client: AsyncClient, sale: Sale) -> None:
        """Submits until it is accepted and never again: an accepted job must not be forgotten."""
        await self._persist(sale, lambda: client.submit(sale.key, sale.printer, sale.document, wait=0))
        await self._until_final(sale, lambda: client.job(sale.key, wait=WAIT))

    async def _twice_at_once(self, client: AsyncClient, sale: Sale) -> None:
        async with AsyncClient(self._socket) as other, anyio.create_task_group() as tasks:
            tasks.start_soon(self._plain, client, sale)
            tasks.start_soon(self._plain, other, sale)

    async def _withdraw(self, client: AsyncClient, sale: Sale) -> None:
        await self._persist(sale, lambda: client.submit(sale.key, sale.printer, sale.document, wait=0))
        answer = await self._persist(sale, lambda: client.withdraw(sale.key), allowed="job.started")
        self.ledger.withdrawn += answer is not None
        await self._until_final(sale, lambda: client.job(sale.key, wait=WAIT))

    def _ask_later(self, chance: random.Random) -> Callable[[AsyncClient, Sale], Awaitable[None]]:
        earlier: list[Sale] = []

        async def ask_later(client: AsyncClient, sale: Sale) -> None:
            await self._plain(client, sale)
            earlier.append(sale)
            await self._plain(client, chance.choice(earlier))

        return ask_later

    async def _other_content(self, client: AsyncClient, sale: Sale) -> None:
        await self._plain(client, sale)
        other = {"type": "cash_in", "amount": "0.01"}
        answer = await self._persist(
            sale, lambda: client.submit(sale.key, sale.printer, other, wait=0), allowed="job.conflict"
        )
        if answer is not None:
            self.ledger.surprises.append(f"{sale.key}: other content under the same key was not refused")

    # -- asking ---------------------------------------------------------------------------------------

    async def _until_final(self, sale: Sale, ask: Callable[[], Awaitable[JobAnswer]]) -> None:
        while True:
            answer = await self._persist(sale, ask)
            if answer is None:
                return
            if not answer.state.final:
                continue
            self.ledger.answers.append(read_answer(answer))
            if answer.state is not JobState.UNDECIDED:
                return
            await self._decide(sale, answer)

    async def _persist(
        self, sale: Sale, ask: Callable[[], Awaitable[JobAnswer]], *, allowed: str | None = None
    ) -> JobAnswer | None:
        """Ask until there is an answer; ``None``: a refusal, which is a surprise if it is not ``allowed``."""
        for attempt in itertools.count():
            try:
                return await ask()
            except NotReachable:
                self.ledger.away += 1
            except Refused as refused:
                if refused.status != 503:
                    if refused.problem.code != allowed:
                        self.ledger.surprises.append(f"{sale.key}: {refused.status} {refused}")
                    return None
            except ClientError as error:
                self.ledger.surprises.append(f"{sale.key}: {error}")
                if attempt > 20:
                    return None
            await anyio.sleep(PAUSE)
        raise AssertionError("it counts for ever")

    async def _decide(self, sale: Sale, answer: JobAnswer) -> None:
        """A person looks at the paper and says what is there, so that the printer goes on."""
        cause = answer.error.detail if answer.error else "no reason"
        self.ledger.undecided.setdefault(sale.key, Person(sale.key, cause, str(answer.evidence)))
        number = await self._number_on_paper(sale)
        verdict: Verdict = "not_printed" if number is None else "printed"
        resolution = Resolution(verdict=verdict, number=number or None, by="the campaign")
        async with AsyncClient(self._socket) as client:
            await self._persist(sale, lambda: client.resolve(sale.key, resolution), allowed="job.not_undecided")

    async def _number_on_paper(self, sale: Sale) -> int | None:
        """The number on the sheet, 0 if it has none; ``None``: there is no sheet."""
        while True:
            try:
                told = await self._tills[sale.printer].order(do="paper")
                break
            except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
                await anyio.sleep(PAUSE)
        mark = mark_of(sale.document)
        for sheet in told["printouts"]:
            if sheet["kind"] == sale.document["type"] and (mark in marks_on(sheet["text"]) or _slip(sheet) == mark):
                return int(sheet["facts"].get("number", 0))
        return None


def _slip(sheet: dict[str, dict[str, int]]) -> str | None:
    return mark_of_slip(format_grosze(sheet["facts"]["amount"])) if "amount" in sheet["facts"] else None
