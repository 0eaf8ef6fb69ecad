"""An honest customer in a hurry: what it needs while strangers attack, and how long it waits for each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fiscald.licence import wire
from tests.hostile_licence.scene import NOTHING, Scene
from tests.hostile_licence.shops import Person, Shop
from tests.licence.server.https import code_in
from tests.licence.server.running import Answered, Computer

T = TypeVar("T")
#: Within so many seconds a customer must get through.
PATIENCE = 60.0


class LockedOut(Exception):
    """A customer was refused, or did not get through in time."""


@dataclass
class Waits:
    """How long customers waited, in seconds, by what for."""

    longest: dict[str, float] = field(default_factory=dict)
    locked_out: list[str] = field(default_factory=list)
    served: int = 0

    @contextlib.contextmanager
    def measured(self, what: str, clock: Callable[[], float]) -> Iterator[None]:
        """Measure one wish of a customer."""
        began = clock()
        try:
            yield
        except LockedOut as error:
            self.locked_out.append(f"{what}: {error}")
        else:
            self.served += 1
        self.longest[what] = max(self.longest.get(what, 0.0), clock() - began)


def visit(scene: Scene, shop: Shop, waits: Waits) -> None:
    """All that one shop wants: a check, a trial, a number, and a dead computer's licence, by number and by mail."""
    with waits.measured("check", scene.clock):
        _check(scene, shop)
    with waits.measured("trial", scene.clock):
        _trial(scene, shop)
    with waits.measured("register", scene.clock):
        _certificate(
            _until(scene, Person(scene.clock, shop.address), wire.Activate, number=shop.bought, company=shop.buyer)
        )
    with waits.measured("dead computer", scene.clock):
        _take_over(scene, shop)
    with waits.measured("move by mail", scene.clock):
        _move(scene, shop)


def _check(scene: Scene, shop: Shop) -> None:
    said = _until(scene, shop.till, wire.Check, lic=shop.checked.sub, crt=shop.checked.jti)
    if not isinstance(said.reply, wire.Status) or said.reply.verdict not in ("ok", "renewed"):
        raise LockedOut(str(said.reply))
    if said.certificate is not None:
        shop.checked = said.certificate


def _trial(scene: Scene, shop: Shop) -> None:
    till, email = Person(scene.clock, shop.address), f"new@{shop.domain}"
    said = _by_mail(
        scene, till, email, lambda: _until(scene, till, wire.Enrol, email=email, company=shop.new_company),
        lambda code: _until(scene, till, wire.EnrolConfirm, email=email, code=code),
    )  # fmt: skip
    if _certificate(said).kind != "trial":
        raise LockedOut("no trial")


def _take_over(scene: Scene, shop: Shop) -> None:
    """On a Sunday: the same number on another computer."""
    there = Person(scene.clock, shop.address)
    here = _certificate(_until(scene, there, wire.Activate, number=shop.number, company=shop.company))
    if here.sub != shop.certificate.sub:
        raise LockedOut("another licence")
    said = _until(scene, shop.dead, wire.Check, lic=shop.certificate.sub, crt=shop.certificate.jti)
    if not isinstance(said.reply, wire.Status) or said.reply.verdict != "superseded":
        raise LockedOut(f"the dead computer was told {said.reply}")


def _move(scene: Scene, shop: Shop) -> None:
    there = Person(scene.clock, shop.address)
    said = _by_mail(
        scene, there, shop.boss, lambda: _until(scene, there, wire.Recover, email=shop.boss),
        lambda code: _until(scene, there, wire.RecoverConfirm, email=shop.boss, code=code),
    )  # fmt: skip
    if not isinstance(said.reply, wire.Answer) or said.reply.session is None:
        raise LockedOut(str(said.reply))
    _certificate(_until(scene, there, wire.Transfer, session=said.reply.session, lic=shop.certificate.sub))


def _by_mail(
    scene: Scene, computer: Computer, email: str, ask: Callable[[], Answered], confirm: Callable[[str], Answered]
) -> Answered:
    """Ask for a code and use it. Strangers' mails to the same address hold codes that are no use here: all are tried."""
    before = len(scene.mails())
    ask()
    end, tried = scene.clock() + PATIENCE, set[str]()
    while scene.clock() < end:
        for mail in scene.mails()[before:]:
            if str(mail["To"]) != email:
                continue
            with contextlib.suppress(ValueError):
                code = code_in(mail)
                if code not in tried:
                    tried.add(code)
                    said = confirm(code)
                    if _refusal(said) != "code_wrong":
                        return said
        scene.wait_a_moment()
    raise LockedOut(f"no code to {email} that counts, of {len(tried)}")


def _until(scene: Scene, computer: Computer, model: type[wire.VendorRequest], **fields: Any) -> Answered:
    """The answer, asked for again and again as an impatient person does."""
    end = scene.clock() + PATIENCE
    why: Exception | None = None
    while scene.clock() < end:
        try:
            return scene.ask(computer, model, **fields)
        except NOTHING as error:
            why = error
            scene.wait_a_moment()
    raise LockedOut(f"{model.kind}: {type(why).__name__} {why}")


def _refusal(said: Answered) -> str | None:
    if isinstance(said.reply, wire.Answer) and said.reply.refused is not None:
        return said.reply.refused.code
    return None


def _certificate(said: Answered) -> Any:
    if said.certificate is None:
        raise LockedOut(_refusal(said) or "no certificate")
    return said.certificate
