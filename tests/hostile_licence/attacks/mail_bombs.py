"""Unwanted mails: to one mailbox under many names, and to many mailboxes of one domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from fiscald.licence.server import limits
from tests.hostile_licence.scene import NOTHING, Attack, Scene
from tests.hostile_licence.shops import Person, networks
from tests.licence.server.running import BAKERY

NETWORKS, EACH = 40, 12
VICTIM = "victim@gmail.com"


class MailBombs(Attack):
    """Fill the mailboxes of a stranger, of a customer, and of a whole domain."""

    tries = f"{NETWORKS * EACH} mails to one mailbox (dots, +N) and one domain from {NETWORKS} networks"
    most: ClassVar[dict[str, int]] = {
        # Three a day that each network asks for, and what they all share.
        "mails to one mailbox": limits.MAILBOX_OWN.most * NETWORKS + limits.MAILBOX.most,
    }
    strangers = 2

    def go(self, scene: Scene, part: int) -> Iterator[None]:
        for number, address in enumerate(self.some(networks(200, NETWORKS))[part :: self.strangers]):
            bomber = Person(scene.clock, address)
            domain = scene.shops[number % len(scene.shops)].domain
            for each in range(EACH):
                name = (
                    f"victim+{each}@gmail.com",
                    f"v.ic.tim+{each}@gmail.com",
                    f"clerk{each}@{domain}",
                    f"boss+{each}@{domain}",
                )
                self.attempt()
                try:
                    if each % 2:
                        scene.ask(bomber, wire.Recover, email=name[each % 4])
                    else:
                        scene.ask(bomber, wire.Enrol, email=name[each % 4], company=BAKERY)
                except NOTHING:
                    continue
            yield

    def count(self, scene: Scene) -> None:
        found = Counter(_mailbox(str(mail["To"])) for mail in scene.mails())
        self.got["mails to one mailbox"] = found["victim@gmail.com"]


def _mailbox(address: str) -> str:
    name, _, domain = address.partition("@")
    return f"{name.partition('+')[0].replace('.', '')}@{domain}"
