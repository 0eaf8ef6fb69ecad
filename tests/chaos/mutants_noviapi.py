"""Mutants of the rules for printers that give each document an id: NoviAPI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.base import Checkpoint, Dialogue, Settings, Stage, Verdict
from fiscald.protocols.noviapi import access, course, direct, jobs, queries
from fiscald.protocols.noviapi.commands import NEW_TOKEN, Reply, Request
from fiscald.protocols.noviapi.course import Course
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.own_id import MemoryDelta, Next, OwnIdProof, State
from tests.chaos.life import Life
from tests.chaos.registry import noviapi_mutant


@noviapi_mutant
def put_again_without_asking() -> Iterator[None]:
    """after an interruption the id is confirmed again before its state is known, and so is everything else"""
    real = Course.recover

    def free_server(_: Settings) -> Dialogue[None]:
        yield from ()

    def recover(self: Course[Any], checkpoint: Checkpoint) -> Dialogue[Verdict]:
        if checkpoint.stage is Stage.COMMITTING:
            assert checkpoint.opened is not None
            self.own_id = checkpoint.opened.own_id
            yield from self._confirm()
        return (yield from real(self, checkpoint))

    with patch.object(Course, "recover", recover), patch.object(queries, "free_server", free_server):
        yield


@noviapi_mutant
def post_again_without_dropping() -> Iterator[None]:
    """a document that is stored and was never confirmed stays in the printer, and is sent again"""

    def dropped(self: Course[Any]) -> Dialogue[bool]:
        yield from ()
        return True

    with patch.object(Course, "_dropped", dropped):
        yield


@noviapi_mutant
def done_without_memory() -> Iterator[None]:
    """the state "done" is believed, though the protected memory holds no new document"""
    real = OwnIdProof.follows

    def follows(self: OwnIdProof, state: State, memory: MemoryDelta, *others: Any) -> Any:
        return Next.ANSWER if state is State.DONE else real(self, state, memory, *others)

    with patch.object(OwnIdProof, "follows", follows):
        yield


@noviapi_mutant
def forgotten_is_not_printed() -> Iterator[None]:
    """a confirmed id that the printer does not know is taken for a document that was not printed"""
    real = OwnIdProof.follows

    def follows(self: OwnIdProof, state: State, memory: MemoryDelta, now: Any, *others: Any) -> Any:
        if state is State.UNKNOWN:
            return verdicts.interrupted("a guess", now)
        return real(self, state, memory, now, *others)

    with patch.object(OwnIdProof, "follows", follows):
        yield


@noviapi_mutant
def new_token_and_put() -> Iterator[None]:
    """after 403 the same request is sent again with a new token, without asking for the state"""
    real = access.call

    def call(request: Request, settings: Settings) -> Dialogue[Reply]:
        if request.method != "PUT":
            return (yield from real(request, settings))
        reply: Reply = yield request.step
        if reply.status == 403:
            new: Reply = yield NEW_TOKEN.step
            settings.kept[access.TOKEN] = new.text("token")
            reply = yield request.step
        return reply

    with patch.object(course, "call", call), patch.object(jobs, "call", call), patch.object(direct, "call", call):
        yield


@noviapi_mutant
def token_not_kept() -> Iterator[None]:
    """a daemon that starts has no token, and asks for a new one"""
    real = Life.__init__

    def start(self: Life, world: Any) -> None:
        world.kept.append({})
        real(self, world)

    with patch.object(Life, "__init__", start):
        yield
