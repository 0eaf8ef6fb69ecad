"""A proxy in the shop's network that records the vendor's answers and plays them again, or invents some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.liar import Liar, Said, between
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.till import Till, sells, step


class ReplayedAnswers(Attack):
    """Hide a revocation behind yesterday's answer, get a licence with an old one, stop a till with an invented one."""

    tries = "a proxy that replays yesterday's answers, or answers 403, HTML, an unsigned revocation"
    most: ClassVar[dict[str, int]] = {"answers that counted": 0, "receipts after the revocation came through": 0}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        with between(scene) as liar:
            till = Till(scene.folder / "till", scene, url=liar.url)
            number = scene.number()
            with till.on() as client:
                assert step(client, "registration", number=number) == "active"
                assert step(client, "check") == "active"
                licence = client.licence()["licence"]
                scene.json("revoke", licence, "--yes")
                for lie in (*self._replays(liar), *_INVENTED):
                    liar.lie = lie
                    self.attempt()
                    self.gain("answers that counted", step(client, "check") != "licence.unreachable")
                    self.gain("answers that counted", sells(client) != "done")
                    yield
                recorded = liar.heard[wire.Activate.path]
                liar.lie = lambda _: recorded
                self.attempt()
                self.gain("answers that counted", step(client, "registration", number=number) != "licence.unreachable")
                liar.lie = None
                assert step(client, "check") == "revoked"
                self.gain("receipts after the revocation came through", sells(client) == "done")

    def _replays(self, liar: Liar) -> list[Callable[[str], Said]]:
        return [lambda _, said=said: said for said in list(liar.heard.values())]  # type: ignore[misc]


_INVENTED: list[Callable[[str], Said]] = [
    lambda _: Said(403, {"Content-Type": "text/plain"}, b"no"),
    lambda _: Said(200, {"Content-Type": "text/html"}, b"<html>Sign in to the hotel's network</html>"),
    lambda _: Said(200, {"Content-Type": "application/json"}, b'{"verdict": "revoked"}'),
    lambda _: Said(503, {"Content-Type": "text/plain"}, b""),
    lambda _: Said(200, {"Content-Type": "application/jose"}, b"A" * 60_000),
]
