"""Makes the scheduled trouble happen, and counts what really happened rather than what was ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import anyio

from tests.soak.parts import Daemon, Till
from tests.soak.proxy import Proxy, Way
from tests.soak.recordings import Watch
from tests.soak.schedule import SILENT, Action, Kill, Then, Trouble

#: Seconds in which a trouble has to meet its command; then it is taken back. The daemon may be starting, and may watch
#: an open receipt for five seconds before it goes on.
MEETING = 9.0
#: Seconds until the daemon must have gone on by itself after silence: its longest patience and a bit.
LONGEST_SILENCE = 45.0


@dataclass(slots=True)
class Tally:
    """What happened."""

    ordered: Counter[Trouble] = field(default_factory=Counter)
    happened: Counter[Trouble] = field(default_factory=Counter)
    killed_while: Counter[str] = field(default_factory=Counter)
    """Kills of the daemon, by what they interrupted; one may count more than once."""


class Killer:
    """Kills the daemon and starts it again."""

    def __init__(self, daemon: Daemon, tally: Tally, *, freed: Callable[[], None]) -> None:
        """``freed`` is called when it is dead, and what it held is free."""
        self._daemon = daemon
        self._tally = tally
        self._freed = freed
        self._lock = anyio.Lock()

    async def kill(self, *, down: float = 0.0) -> None:
        """Now; it is started again ``down`` seconds later."""
        async with self._lock:
            self._tally.ordered[Trouble.KILL_DAEMON] += 1
            phases = self._daemon.kill()
            self._freed()
            self._tally.happened[Trouble.KILL_DAEMON] += 1
            self._count(phases)
            await anyio.sleep(down)
            self._daemon.process.start()

    def _count(self, phases: list[str]) -> None:
        for phase in set(phases):
            self._tally.killed_while[f"a document was {phase}"] += 1

    async def keep_killing(self, kills: Iterator[Kill], printers: Sequence[str]) -> None:
        """For ever."""
        for kill in kills:
            await anyio.sleep(kill.pause)
            if kill.command is not None:
                watch = Watch(self._daemon.recordings, *printers)
                await watch.until_sent(kill.command, seconds=MEETING, every=0.003)
                await anyio.sleep(kill.delay)
            await self.kill(down=kill.down)


class Plague:
    """All trouble of one printer: one thing after the other, so that each can be told from the next."""

    def __init__(self, till: Till, daemon: Daemon, proxy: Proxy | None, killer: Killer, tally: Tally) -> None:
        self._till = till
        self._proxy = proxy
        self._killer = killer
        self._tally = tally
        self._recordings = daemon.recordings

    async def spread(self, actions: Iterator[Action]) -> None:
        """Carry them out."""
        for action in actions:
            while not await self._carry_out(action) and action.insist:
                pass
            await anyio.sleep(action.pause)

    async def _carry_out(self, action: Action) -> bool:
        """Carry one out; whether it happened."""
        self._tally.ordered[action.trouble] += 1
        match action.trouble:
            case Trouble.KILL_PRINTER:
                happened = await self._kill_printer(action)
            case Trouble.POWER:
                happened = await self._power(action.seconds)
            case Trouble.CUT_TO_PRINTER | Trouble.CUT_FROM_PRINTER:
                happened = await self._cut(action)
            case Trouble.CHOP:
                happened = await self._chop(action)
            case _:
                happened = await self._fault(action)
        self._tally.happened[action.trouble] += happened
        return happened

    async def _kill_printer(self, action: Action) -> bool:
        self._till.kill()
        await anyio.sleep(action.seconds)
        await self._till.start()
        return True

    async def _power(self, seconds: float) -> bool:
        await self._till.order(do="power", on=False)
        await anyio.sleep(seconds)
        await self._till.order(do="power", on=True)
        return True

    async def _cut(self, action: Action) -> bool:
        assert self._proxy is not None
        way = Way.TO_PRINTER if action.trouble is Trouble.CUT_TO_PRINTER else Way.FROM_PRINTER
        done = self._proxy.cut(way, action.bytes, abrupt=action.abrupt)
        with anyio.move_on_after(MEETING):
            await done.wait()
        self._proxy.calm()
        return done.is_set()

    async def _chop(self, action: Action) -> bool:
        assert self._proxy is not None
        before = self._proxy.chopped
        self._proxy.chop(on=True)
        with anyio.move_on_after(MEETING):
            while self._proxy.chopped < before + 10:
                await anyio.sleep(0.02)
        await anyio.sleep(action.seconds)
        self._proxy.calm()
        return self._proxy.chopped > before

    async def _fault(self, action: Action) -> bool:
        """Order a fault of the printer, and see that it meets its command."""
        condition = action.trouble in (Trouble.PAPER_OUT, Trouble.COVER)
        order = {"command": action.command, "nth": action.nth}
        if condition:
            order |= {"act": "switch", "switch": action.trouble.value}
        else:
            order |= {"act": action.trouble.value, "seconds": action.seconds}
        if action.in_recovery:
            await self._till.order(do="fault", act="bad_crc", command="trline")
        await self._till.order(do="fault", **order)
        met = await self._watch().until_sent(action.command, nth=action.nth, seconds=MEETING)
        if met:
            # Sent is not yet met; the printer needs a moment for it.
            await anyio.sleep(0.05)
            if condition or action.trouble in (Trouble.LATE, Trouble.POWER_CUT_BEFORE, Trouble.POWER_CUT_AFTER):
                await anyio.sleep(action.seconds)
            await self._follow(action)
        elif action.insist and action.trouble in SILENT:
            # It may have met its command before we watched; then a long silence is to be ended.
            await self._killer.kill()
        await self._till.order(do="clear")
        if action.trouble in (Trouble.POWER_CUT_BEFORE, Trouble.POWER_CUT_AFTER):
            await self._till.order(do="power", on=True)
        return met

    async def _follow(self, action: Action) -> None:
        match action.then:
            case Then.KILL_DAEMON:
                await anyio.sleep(action.pause)
                await self._killer.kill()
            case Then.POWER:
                await self._power(action.pause)
            case Then.PATIENCE:
                await self._watch().until_anything(seconds=LONGEST_SILENCE)
            case Then.NOTHING:
                pass

    def _watch(self) -> Watch:
        return Watch(self._recordings, self._till.name)
