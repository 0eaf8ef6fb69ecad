"""Mutants of the gateway's rules: which document is a repetition, when an answer is given, when it is delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from unittest.mock import patch

from fiscald.gateway import clerk
from fiscald.gateway.clerk import Clerk
from fiscald.gateway.delivery import Patience, Watch
from fiscald.gateway.mirror import Mirror
from fiscald.gateway.repeats import Repeats, Sent
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import ProblemError
from tests.chaos.registry import FAMILY, gateway_mutant


@gateway_mutant
def repeats_not_recognised() -> Iterator[None]:
    """every document gets a new key"""
    with patch.object(Repeats, "first", lambda *_: None):
        yield


@gateway_mutant
def key_noted_after_the_job() -> Iterator[None]:
    """the key is not on disk when the job is submitted"""
    begin = Repeats.begin

    async def later(self: Repeats, peer: str, digest: str, now: datetime) -> str:
        async def save(_: bytes) -> None: ...

        with patch.object(self, "_save", save):
            return await begin(self, peer, digest, now)

    with patch.object(Repeats, "begin", later):
        yield


@gateway_mutant
def sent_is_delivered() -> Iterator[None]:
    """an answer counts as delivered when it was sent"""

    async def send(self: Watch, data: bytes) -> None:
        due, self._due = self._due, None
        await self._stream.send(data)
        if due is not None:
            due.delivered()

    with patch.object(Watch, "send", send):
        yield


@gateway_mutant
def acknowledgement_not_asked_for() -> Iterator[None]:
    """an answer counts as delivered with the next command, although the program's computer has not got it"""
    init = Watch.__init__

    def make(self: Watch, stream: Any, peer: str, _: Callable[[], int], hears: Callable[[bytes], None]) -> None:
        init(self, stream, peer, lambda: 0, hears)

    with patch.object(Watch, "__init__", make):
        yield


@gateway_mutant
def late_arrival_delivered() -> Iterator[None]:
    """an answer that was sent in time counts as delivered, however late the program's computer got it"""

    def look(_: Watch, answer: Any) -> None:
        answer.until = float("inf")

    with patch.object(Watch, "_look", look):
        yield


@gateway_mutant
def late_answer_delivered() -> Iterator[None]:
    """an answer counts as delivered although the program has waited longer than it waits"""
    with patch.object(Patience, "ends", property(lambda _: float("inf"))):
        yield


@gateway_mutant
def answered_before_the_end() -> Iterator[None]:
    """the closing command is answered as soon as the journal has the job"""

    async def end(self: Clerk, key: str) -> Job:
        job = await self._engine.job(key)
        return job if job.state.final else job.model_copy(update={"state": JobState.DONE})

    with patch.object(Clerk, "_end", end):
        yield


@gateway_mutant  # over NoviAPI, whose printers lose ids, so that more is undecided
def undecided_is_failed() -> Iterator[None]:
    """the program is answered that nothing was printed while a person has to decide"""
    real = Clerk._end

    async def end(self: Clerk, key: str) -> Job | None:
        while not self._engine.stopping:
            job = await self._engine.wait(key, clerk.LOOK_AGAIN)
            if job.state is JobState.UNDECIDED:
                return job
            if job.state.final:
                return await real(self, key)
        return None

    with patch.object(Clerk, "_end", end):
        yield


@gateway_mutant
def failed_key_again() -> Iterator[None]:
    """a document that failed keeps its key, so the program gets the same failure for ever"""

    async def failed(*_: object) -> bool:
        return False

    with patch.object(Clerk, "_failed", failed):
        yield


@gateway_mutant
def never_delivered() -> Iterator[None]:
    """no answer counts as delivered, so that equal sales are one"""
    with patch.object(Watch, "_judge", lambda _: None):
        yield


@gateway_mutant
def any_peer_repeats() -> Iterator[None]:
    """a document repeats one of any peer"""

    def first(self: Repeats, _: str, digest: str, now: datetime) -> str | None:
        found = [
            sent.key
            for sents in self._peers.values()
            for sent in sents
            if sent.digest == digest and self._holds(sent, now)
        ]
        return found[-1] if found else None

    with patch.object(Repeats, "first", first):
        yield


@gateway_mutant
def content_not_compared() -> Iterator[None]:
    """any document after one without a delivered answer is taken for its repetition"""

    def first(self: Repeats, peer: str, _: str, now: datetime) -> str | None:
        found = [sent.key for sent in self._peers.get(peer, ()) if self._holds(sent, now)]
        return found[-1] if found else None

    with patch.object(Repeats, "first", first):
        yield


@gateway_mutant
def age_by_the_clock() -> Iterator[None]:
    """how old a document is depends on the clock, which may be set"""

    def holds(self: Repeats, sent: Sent, now: datetime) -> bool:
        return (now - sent.at).total_seconds() <= self._seconds

    with patch.object(Repeats, "_holds", holds):
        yield


@gateway_mutant
def journal_trouble_is_a_refusal() -> Iterator[None]:
    """the program is answered that nothing was printed when the journal could not say whether it has the document"""

    async def outcome(self: Clerk, submission: Submission, digest: str, peer: str) -> Any:
        try:
            key = await self._key(digest, peer)
            await self._engine.submit(key, submission, asked_by="gateway")
            return await self._end(key)
        except ProblemError as error:
            return error.problem
        except OSError:
            return None

    with patch.object(Clerk, "_outcome", outcome):
        yield


@gateway_mutant
def counters_of_the_opening() -> Iterator[None]:
    """after a document the counters are still those from its opening"""
    with patch.object(Mirror, "thaw", lambda _: None):
        yield


FAMILY["undecided_is_failed"] = "noviapi"
