"""Two webhooks for a shop: ``erp``, whose receiver wants no messages, and ``till-display``, which has no secret."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.webhooks.receivers import Request, Web, reply, secret_file, web


class Hooks(NamedTuple):
    """The webhooks, and the receiver of ``erp``."""

    configured: dict[str, Any]
    receiver: Web
    portal: BlockingPortal

    def until(self, number: int) -> list[Request]:
        """The receiver's requests, once so many have come."""
        return self.portal.call(self.receiver.until, number)


@contextmanager
def hooks() -> Iterator[Hooks]:
    """Run the receiver."""
    with (
        tempfile.TemporaryDirectory(prefix="fiscald-") as folder,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(web(lambda _: reply(410))) as there,
    ):
        configured = {
            "erp": {"url": f"{there.url}?token=hunter2", "secret_file": secret_file(Path(folder))},
            "till-display": {"url": "https://display.example/x", "secret_file": Path(folder) / "none.secret"},
        }
        yield Hooks(configured, there, portal)
