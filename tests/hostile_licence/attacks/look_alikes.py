"""Trials without end: the same computer for other companies, and one company in other spellings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.scene import NOTHING, Attack, Scene
from tests.hostile_licence.shops import Person, networks, tax_number
from tests.licence.server.https import code_in
from tests.licence.server.running import BAKERY, FLORIST

#: On one computer.
OTHERS = (
    BAKERY | {"tin": tax_number(900)}, BAKERY | {"tin": tax_number(901)}, BAKERY | {"cc": "NL", "tin": ""},
    BAKERY | {"cc": "DE", "tin": ""}, BAKERY | {"cc": "ZZ", "tin": ""}, FLORIST,
)  # fmt: skip
#: One company without a tax number, on fresh computers.
SPELLINGS = (
    {"name": "De Bloem", "post": "1012 AB"}, {"name": "DE  BLOEM", "post": "1012AB"}, {"name": "De Bloém", "post": "1012 AB"},
    {"name": "Ｄｅ Ｂｌｏｅｍ", "post": "１０１２ AB"}, {"name": "Dе Blоem", "post": "1012 AB"},
    {"name": "De Bloem", "post": "1012-AB."}, {"name": "De Bloe\u0301m", "post": "1012 AB"},
)  # fmt: skip


class LookAlikes(Attack):
    """Get a trial again: other tax numbers, other countries, ZZ, full width, accents, look-alike letters."""

    tries = f"{len(OTHERS)} companies on one computer, and {len(SPELLINGS)} spellings of one company on fresh ones"
    most: ClassVar[dict[str, int]] = {"trials of the computer": 1, "trials of the company": 1}

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        one = Person(scene.clock, "127.0.2.2")
        for number, (company, address) in enumerate(zip(OTHERS, networks(500, 20), strict=False)):
            one.address = address
            self.gain("trials of the computer", self._trial(scene, one, f"other{number}@example.org", company))
            yield
        for number, (spelling, address) in enumerate(zip(SPELLINGS, networks(520, 20), strict=False)):
            fresh = Person(scene.clock, address)
            company = FLORIST | spelling
            self.gain("trials of the company", self._trial(scene, fresh, f"bloem{number}@example.org", company))
            yield

    def _trial(self, scene: Scene, computer: Person, email: str, company: dict[str, str]) -> bool:
        self.attempt()
        company = {name: text for name, text in company.items() if text}
        with contextlib.suppress(*NOTHING):
            if scene.ask(computer, wire.Enrol, email=email, company=company).status != 202:
                return False
            for _ in range(50):
                for mail in scene.mails():
                    if str(mail["To"]) == email:
                        with contextlib.suppress(ValueError):
                            return scene.ask(computer, wire.EnrolConfirm, email=email, code=code_in(mail)).status == 200
                        return False
                scene.wait_a_moment()
        return False
