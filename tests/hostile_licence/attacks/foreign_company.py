"""Other people's tax numbers: a trial in a customer's name, before the customer comes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.scene import NOTHING, Attack, Scene
from tests.hostile_licence.shops import Person, networks
from tests.licence.server.https import code_in

NETWORKS = 40


class ForeignCompany(Attack):
    """Enrol the companies of customers; take the trial of those who have bought a number."""

    tries = f"{NETWORKS} networks enrol customers' companies; {NETWORKS // 4} take a trial in a buyer's name"
    most: ClassVar[dict[str, int]] = {"buyers whose licence is a stranger's": 0}

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        for number, address in enumerate(self.some(networks(400, NETWORKS))):
            squatter = Person(scene.clock, address)
            shop, email = scene.shops[number % len(scene.shops)], f"squatter{number}@example.org"
            with contextlib.suppress(*NOTHING):
                for _ in range(3):
                    self.attempt()
                    scene.ask(squatter, wire.Enrol, email=f"new@{shop.domain}", company=shop.new_company)
            if number % 4 == 0:
                with contextlib.suppress(*NOTHING):
                    self._squat(scene, squatter, email, shop.buyer)
            yield

    def _squat(self, scene: Scene, squatter: Person, email: str, company: dict[str, str]) -> None:
        self.attempt()
        scene.ask(squatter, wire.Enrol, email=email, company=company)
        for _ in range(50):
            for mail in scene.mails():
                if str(mail["To"]) == email:
                    with contextlib.suppress(ValueError):
                        scene.ask(squatter, wire.EnrolConfirm, email=email, code=code_in(mail))
                    return
            scene.wait_a_moment()

    def count(self, scene: Scene) -> None:
        ((self.got["buyers whose licence is a stranger's"],),) = scene.rows(
            "SELECT count(*) FROM licence JOIN company ON company.id = company_id JOIN account ON account.id = account_id"
            " WHERE kind = 'paid' AND licence.state = 'active' AND email LIKE 'squatter%'"
        )
