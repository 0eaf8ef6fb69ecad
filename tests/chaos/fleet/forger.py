"""Forged messages: signed by the courier's key, or by the key of another shop."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.fleet.envelope import payload_of
from fiscald.fleet.keys import Signer
from fiscald.fleet.messages import Acknowledgement, Channel, Message, Order, Outcome, Status, topic
from fiscald.model.documents import Submission
from tests.chaos.fleet.plan import FORGED, GOODS, Ordered
from tests.chaos.schedule import receipt

if TYPE_CHECKING:
    from tests.chaos.fleet.shop import ShopWorld
    from tests.chaos.fleet.world import FleetWorld

_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(50, 82)))


def forge(world: FleetWorld, shop: ShopWorld, kind: int, rng: random.Random) -> tuple[str, bytes]:
    """Topic and message. The forger knows every name, key text, session and digest; only private keys it has not."""
    order = rng.choice([each for each in world.plan.ordered if world.shops[each.shop] is shop] or [None])
    if kind in (0, 1, 2, 3) or order is None:
        return topic(shop.name, Channel.ORDERS), _order(world, shop, order, kind, rng)
    if kind in (4, 5, 6):
        return _outcome(world, shop, order, kind, rng)
    if kind == 7:
        digests = tuple(sorted(world.told))[-100:] or ("0" * 64,)
        said = Acknowledgement(shop=shop.name, issued=world.time(), central="erp", outcomes=digests)
        return topic(shop.name, Channel.ACKNOWLEDGEMENTS), _signed(said, world.signer.kid)
    now = world.time()
    status = Status(
        shop=shop.name, issued=now, session="A" * 22, online=True, connected=now, version="1.0"
    )  # fmt: skip
    return topic(shop.name, Channel.STATUS), _signed(status, shop.signer.kid)


def _order(world: FleetWorld, shop: ShopWorld, order: Ordered | None, kind: int, rng: random.Random) -> bytes:
    number = 0 if order is None else order.number
    new = Submission.model_validate({"printer": "till1", "document": receipt(FORGED + number, rng)})
    key = f"forged/{number}" if kind in (0, 3) or order is None else order.key
    said = Order.of(new, central="erp", shop=shop.name, session=shop.session, key=key, issued=world.time())
    if kind == 0:  # signed by the courier's key
        return _signed(said, None)
    if kind == 2:  # without a signature
        return _signed(said, world.signer.kid).rpartition(b".")[0] + b"."
    if kind == 1 and order is not None:  # the signature of the true order
        true = Order.of(
            Submission.model_validate({"printer": order.printer, "document": order.document}),
            central="erp", shop=shop.name, session=shop.session, key=order.key, issued=said.issued,
        )  # fmt: skip
        signature = world.signer.sign(payload_of(true), Order.kind).rpartition(".")[2]
        return _signed(said, world.signer.kid).rpartition(b".")[0] + b"." + signature.encode()
    return _signed(said, world.signer.kid)


def _outcome(world: FleetWorld, shop: ShopWorld, order: Ordered, kind: int, rng: random.Random) -> tuple[str, bytes]:
    content = Submission.model_validate({"printer": order.printer, "document": order.document})
    job: dict[str, Any] = {"key": order.key, "state": "done", "result": {"number": 4000 + GOODS, "total": "1.00"}}
    done = rng.random() < 0.5
    others = [each for each in world.shops if each is not shop]
    other = rng.choice(others) if kind == 6 and others else None
    said = Outcome.model_validate(
        {
            "shop": shop.name if other is None else other.name, "issued": world.time(), "central": "erp",
            "session": shop.session, "key": order.key, "digest": content.digest().hex(), "final": True,
            "state": "done" if done else "failed", "job": job if done else job | {"state": "failed", "result": None},
        }
    )  # fmt: skip
    if other is not None:  # in its own name, about an order for another shop
        return topic(other.name, Channel.OUTCOMES), other.signer.sign(payload_of(said), Outcome.kind).encode()
    if kind == 5 and others:  # another shop in the name of this one
        key = rng.choice(others).signer
        return topic(shop.name, Channel.OUTCOMES), key.sign(payload_of(said), Outcome.kind).encode()
    return topic(shop.name, Channel.OUTCOMES), _signed(said, shop.signer.kid)


def _signed(message: Message, kid: str | None) -> bytes:
    """Signed with the forger's key, under the name of another one."""
    signer = Signer(_PRIVATE)
    signer.kid = kid or signer.kid
    return signer.sign(json.dumps(json.loads(payload_of(message))).encode(), type(message).kind).encode()
