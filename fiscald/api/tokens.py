"""Checks tokens, and knows their last uses. The journal keeps a hash of each; the token itself is shown once.

A token has 256 random bits, so trying finds none. Wrong ones are still slowed down per address: a program
with a wrong token must not keep the daemon busy, and must not fill the log. The right token is never slowed down.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hmac import compare_digest

import anyio

from fiscald.api.connections import Who
from fiscald.api.protocol import HttpConnection
from fiscald.api.rights import Bearer
from fiscald.engine import KnownToken, TokenRecords, TokenUse
from fiscald.logs import RateLimitedLog
from fiscald.model.problems import Problem, ProblemError, problem
from fiscald.model.tokens import TOKEN, MadeToken, NewToken, Token

log = logging.getLogger(__name__)

#: Seconds between two writes of the last uses, and two looks for tokens that have expired.
KEEP_EVERY = 60.0
#: Wrong tokens of an address that are answered at once; seconds for the next one, which double up to the longest.
FREE, FIRST_DELAY, LONGEST_DELAY = 3, 0.5, 8.0
#: Seconds without a wrong token after which an address begins afresh; addresses that are remembered; answers of one
#: address that may be delayed at a time.
FORGIVEN, MOST_ADDRESSES, MOST_DELAYED = 60.0, 1000, 4
_NO_HASH = bytes(32)


class Failures:
    """Wrong tokens by address. Remembers a bounded number of addresses."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int | str | None, tuple[int, float]] = OrderedDict()
        self._delayed: Counter[int | str | None] = Counter()

    def delay(self, who: Who, now: float) -> float:
        """Count a wrong token of ``who`` at the time ``now``. Returns for how many seconds its answer must wait."""
        count, last = self._seen.pop(who.user, (0, now))
        count = 1 if now - last > FORGIVEN else count + 1
        self._seen[who.user] = count, now
        if len(self._seen) > MOST_ADDRESSES:
            self._seen.popitem(last=False)
        return 0.0 if count <= FREE else min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(count - FREE - 1, 10))

    @contextmanager
    def delayed(self, who: Who) -> Iterator[bool]:
        """Around an answer that waits. Gives whether it may: not too many of this address wait already."""
        if self._delayed[who.user] >= MOST_DELAYED:
            yield False
            return
        self._delayed[who.user] += 1
        try:
            yield True
        finally:
            self._delayed -= Counter((who.user,))


class Tokens:
    """All tokens, in memory."""

    def __init__(self, records: TokenRecords, clock: Callable[[], datetime]) -> None:
        self._records = records
        self._clock = clock
        self._known: dict[int, KnownToken] | None = None
        """``None``: not read yet."""
        self._uses: dict[int, TokenUse] = {}
        self._unwritten: set[int] = set()
        self._open: dict[int, set[HttpConnection]] = {}
        self._making = anyio.Lock()
        self._reading = anyio.Lock()
        self._failures = Failures()
        self._log = RateLimitedLog(log)

    # -- checking -------------------------------------------------------------------------------------

    async def bearer(self, header: str | None, who: Who) -> tuple[int, Bearer]:
        """The number and the holder of the token in a header ``Authorization``.

        Raises ``ProblemError``; after some wrong tokens from one address only after a while.
        """
        found, why = await self._check(header)
        if found is not None and why is None:
            self._uses[found.number] = TokenUse(found.number, self._clock(), str(who.user))
            self._unwritten.add(found.number)
            token = found.token
            printers = None if token.printers is None else frozenset(token.printers)
            return found.number, Bearer(token.name, frozenset(token.rights), printers)
        assert why is not None
        await self._slow_down(who, why)
        raise ProblemError(why)

    async def _check(self, header: str | None) -> tuple[KnownToken | None, Problem | None]:
        if header is None:
            return None, problem("token.missing")
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            return None, problem("token.missing")
        shape = TOKEN.fullmatch(text.strip())
        known = await self._all()
        found = None if shape is None else known.get(int(shape["number"]))
        digest = hashlib.sha256(text.strip().encode()).digest()
        if not compare_digest(digest, _NO_HASH if found is None else found.hash) or found is None:
            return None, problem("token.wrong")
        token = found.token
        if token.revoked_at is not None:
            return found, problem("token.revoked", name=token.name, at=token.revoked_at.isoformat())
        if token.expires is not None and token.expires <= self._clock():
            return found, problem("token.expired", name=token.name, at=token.expires.isoformat())
        return found, None

    async def _slow_down(self, who: Who, why: Problem) -> None:
        if why.code == "token.missing":
            return  # nothing was tried
        self._log.warning("a request of %s was refused: %s", who.name, why.code)
        seconds = self._failures.delay(who, anyio.current_time())
        if not seconds:
            return
        with self._failures.delayed(who) as may_wait:
            if not may_wait:
                raise ProblemError(problem("token.slowed", seconds=int(LONGEST_DELAY)))
            await anyio.sleep(seconds)

    async def _all(self) -> dict[int, KnownToken]:
        """Raises ``ProblemError`` while the journal cannot be read."""
        if self._known is None:
            async with self._reading:
                if self._known is None:
                    self._known = {known.number: known for known in await self._records.all()}
        return self._known

    @contextmanager
    def during(self, number: int, connection: HttpConnection) -> Iterator[None]:
        """Around a request with that token: it ends when the token is revoked."""
        connections = self._open.setdefault(number, set())
        connections.add(connection)
        try:
            yield
        finally:
            connections.discard(connection)
            if not connections and self._open.get(number) is connections:
                del self._open[number]

    # -- making and revoking --------------------------------------------------------------------------

    async def all(self) -> tuple[Token, ...]:
        """All tokens with their last uses, the newest first. Raises ``ProblemError``."""
        known = sorted((await self._all()).values(), key=lambda each: each.number, reverse=True)
        return tuple(self._with_use(each) for each in known)

    def _with_use(self, known: KnownToken) -> Token:
        use = self._uses.get(known.number)
        if use is None:
            return known.token
        at = use.at.replace(second=0, microsecond=0)
        return known.token.model_copy(update={"used_at": at, "used_from": use.address})

    async def make(self, new: NewToken, created_by: int | None) -> MadeToken:
        """Make a token. Raises ``ProblemError``."""
        async with self._making:
            known = await self._all()
            number = await self._records.next_number()
            text = f"fiscald_{number}_{secrets.token_hex(32)}"
            made = await self._records.add(number, hashlib.sha256(text.encode()).digest(), new, created_by)
            known[number] = made
        log.warning("the token %s was made: rights %s", new.name, ", ".join(new.rights) or "none")
        return MadeToken(**dict(made.token), token=text)

    async def revoke(self, name: str) -> Token:
        """Revoke a token, and end its requests. Raises ``ProblemError``."""
        known = await self._all()
        revoked = await self._records.revoke(name)
        known[revoked.number] = revoked
        self._end(revoked.number)
        log.warning("the token %s was revoked", name)
        return self._with_use(revoked)

    def _end(self, number: int) -> None:
        for connection in list(self._open.get(number, ())):
            connection.cut()

    # -- beside the requests --------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the last uses, and end requests whose token has expired; without end, and once at the end."""
        try:
            while True:
                await anyio.sleep(KEEP_EVERY)
                await self.keep()
        finally:
            with anyio.CancelScope(shield=True):
                await self.keep()

    async def keep(self) -> None:
        """One turn of ``run``."""
        now = self._clock()
        for number in list(self._open):
            known = (self._known or {}).get(number)
            if known is not None and known.token.expires is not None and known.token.expires <= now:
                self._end(number)
        unwritten, self._unwritten = self._unwritten, set()
        if unwritten:
            try:
                await self._records.note([self._uses[number] for number in unwritten])
            except ProblemError:
                self._unwritten |= unwritten  # the journal says why
