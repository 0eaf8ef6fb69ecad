"""An old copy of the database, put back: numbers sold since, computers that came and went since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence import wire
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack
from tests.hostile_licence.shops import Person, networks, tax_number
from tests.licence.server.running import BAKERY

SOLD = 3


class RestoredDatabase(Attack):
    """Go on with the computer before the backup; customers who bought since go on with what they have."""

    tries = f"a backup is put back: {SOLD} numbers sold since, one licence moved since, its former computer asks"
    most: ClassVar[dict[str, int]] = {
        "sold numbers that are unknown": 0,
        "certificates that a till takes for old": 0,
        "former computers in force": 0,
    }
    processes = True
    meanwhile = False

    def go(self, scene: Office, part: int) -> Iterator[None]:
        backup = scene.folder / "backup.db"
        scene.json("backup", str(backup))
        # Not of those who come in later.
        shop = scene.shops.pop()
        moved = Person(scene.clock, "127.0.2.20")
        since = scene.ask(moved, wire.Activate, number=shop.number, company=shop.company).crt
        numbers = [row["number"] for row in scene.json("issue", "X", "--fiscal", "--support", "--count", str(SOLD))]
        buyers = [Person(scene.clock, address) for address in networks(640, SOLD)]
        for number, buyer in enumerate(buyers):
            scene.ask(buyer, wire.Activate, number=numbers[number], company=BAKERY | {"tin": tax_number(940 + number)})
        yield
        scene.stop()
        for name in ("vendor.db", "vendor.db-wal", "vendor.db-shm"):
            (scene.folder / name).unlink(missing_ok=True)
        backup.rename(scene.database)
        scene.start()
        scene.json("restored", "--yes")
        scene.json("adopt", typed="\n".join(numbers))
        yield
        for number, buyer in enumerate(buyers):
            self.attempt()
            company = BAKERY | {"tin": tax_number(940 + number)}
            said = scene.ask(buyer, wire.Activate, number=numbers[number], company=company)
            self.gain("sold numbers that are unknown", said.certificate is None)
        self.attempt(2)
        # The former computer is the first to ask: until the other one comes, the database says that it is the one.
        scene.ask(shop.dead, wire.Check, lic=since.sub, crt=shop.certificate.jti)
        again = scene.ask(moved, wire.Activate, number=shop.number, company=shop.company)
        self.gain("certificates that a till takes for old", again.certificate is None or again.crt.seq <= since.seq)
        verdict = scene.ask(shop.dead, wire.Check, lic=since.sub, crt=shop.certificate.jti).verdict.verdict
        self.gain("former computers in force", verdict in ("ok", "renewed"))
        yield
