"""The read-only page of the operations desk, in the style of the console: no script, nothing from another host."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import fiscald
from fiscald.fleet.central import alarms, orders, shops
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.dispatcher import Dispatcher, InThread
from fiscald.model.times import POLISH_TIME

#: Shops and orders on the page; the API has all of them.
MAX_SHOPS, MAX_ORDERS, MAX_ALARMS = 500, 50, 50
_STYLE = Path(fiscald.__file__).parent / "console" / "static" / "console.css"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


async def operations(
    request: Request, db: Database, dispatcher: Dispatcher, in_thread: InThread, now: datetime
) -> Response:
    """The page, in Polish or English as the browser prefers; from ``?after=NAME`` on."""
    after = request.query_params.get("after", "")[:64]
    polish = request.headers.get("accept-language", "").lower().startswith("pl")
    found = await in_thread(lambda: _found(db, after))
    text = _template().render(
        **found, dispatcher=dispatcher, version=fiscald.__version__, language="pl" if polish else "en",
        t=lambda english, in_polish: in_polish if polish else english, moment=_moment, ago=_ago(now),
    )  # fmt: skip
    return HTMLResponse(text, headers=_HEADERS)


async def style(_: Request) -> Response:
    """The console's style sheet."""
    return Response(_css(), media_type="text/css", headers={"Cache-Control": "no-cache"})


def _found(db: Database, after: str) -> dict[str, Any]:
    page = shops.listed(db, after, MAX_SHOPS + 1)
    waiting = orders.open_by_shop(db)
    return {
        "shops": [(shop, shop.told, waiting.get(shop.name)) for shop in page[:MAX_SHOPS]],
        "next": page[MAX_SHOPS - 1].name if len(page) > MAX_SHOPS else None,
        "open": orders.listed(db, is_open=True, oldest_first=True, limit=MAX_ORDERS),
        "counts": orders.counted(db),
        "alarms": alarms.listed(db, limit=MAX_ALARMS),
    }


def _moment(seconds: float | datetime) -> str:
    found = seconds if isinstance(seconds, datetime) else datetime.fromtimestamp(seconds, POLISH_TIME)
    return f"{found.astimezone(POLISH_TIME):%Y-%m-%d %H:%M}"


def _ago(now: datetime) -> Callable[[float], str]:
    def ago(seconds: float) -> str:
        minutes = max(0, int(now.timestamp() - seconds)) // 60
        if minutes < 120:
            return f"{minutes} min"
        return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"

    return ago


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    return environment.get_template("operations.html")


@cache
def _css() -> bytes:
    return _STYLE.read_bytes()
