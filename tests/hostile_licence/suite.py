"""Each attack against fresh processes, beside customers: what the cheat got, and how long customers waited."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from tests.hostile_licence.honest import PATIENCE, Waits, visit
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack

#: Seconds between two customers.
PAUSE = 0.5


@dataclass(frozen=True)
class Outcome:
    """What came of an attack."""

    attack: Attack
    waits: Waits
    seconds: float

    @property
    def longest(self) -> float:
        """How long a customer waited at most, in seconds."""
        return max(self.waits.longest.values(), default=float("inf"))

    def broken(self) -> list[str]:
        """What must not be."""
        late = [f"{what}: {seconds:.0f} s" for what, seconds in self.waits.longest.items() if seconds > PATIENCE]
        return [*self.attack.broken(), *self.waits.locked_out, *late]


def run(kind: type[Attack], *, share: float = 1.0) -> Outcome:
    """One attack, all its scripts at a time. Raises what a script raises: then nothing was measured."""
    attack, waits = kind(share=share), Waits()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hostile-licence-") as folder:
        office = Office(Path(folder))
        with office.open(), ThreadPoolExecutor(kind.strangers + 1) as threads:
            scripts = [threads.submit(_script, attack, office, part) for part in range(kind.strangers)]
            if not kind.meanwhile:
                wait(scripts)
            customers = threads.submit(_customers, office, waits, scripts)
            wait((*scripts, customers), return_when=FIRST_EXCEPTION)
            for each in (*scripts, customers):
                each.result()
            attack.count(office)
    return Outcome(attack, waits, time.monotonic() - began)


def _script(attack: Attack, office: Office, part: int) -> None:
    for _ in attack.go(office, part):
        pass


def _customers(office: Office, waits: Waits, scripts: Sequence[Future[None]]) -> None:
    for shop in office.shops[:-1]:
        visit(office, shop, waits)
        if all(script.done() for script in scripts):
            break
        wait(scripts, timeout=PAUSE)
    wait(scripts)
    visit(office, office.shops[-1], waits)


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a table in Markdown."""
    rows = [
        "| what cheats and strangers try | tried | what they got, at most | a customer waited at most |",
        "| --- | --- | --- | --- |",
    ]
    for each in outcomes:
        attack = each.attack
        got = "; ".join(f"{name}: {attack.got[name]} ({most})" for name, most in attack.most.items())
        wish = max(each.waits.longest, key=lambda name: each.waits.longest[name], default="-")
        rows.append(f"| {attack.tries} | {attack.tried} | {got} | {each.longest:.1f} s ({wish}) |")
    return "\n".join(rows)
