"""The pages that show what came through a gateway."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from fiscald.config_gateway import GatewayConfig
from fiscald.protocols.posnet.frames import Deframer
from tests.console.shop import Shop, shop
from tests.console_browser.screen import screen
from tests.emulator.posnet.talking import frame
from tests.networked import free_port
from tests.waiting import until

SALE = ("trinit|bm0|", "trline|na<b>Żurek|vt1|pr1200|", "trend|to1300|", "trend|to1200|")


def sell(port: int) -> None:
    """A receipt of a program, which first says a wrong sum."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        for command in SALE:
            line.sendall(frame(command))
            answers: list[Any] = []
            deframer = Deframer()
            while not answers:
                answers += deframer.feed(line.recv(4096))


@pytest.fixture(scope="module")
def market() -> Iterator[Shop]:
    """A shop whose Thermal printer has a POSNET gateway, through which a receipt came."""
    port = free_port()
    gateway = GatewayConfig(listen=f"tcp://127.0.0.1:{port}", family="posnet")
    with shop(families=("thermal",), gateways={"till1": gateway}) as it:
        until(it.client, "ready", printer="till1")
        sell(port)
        yield it


@pytest.mark.parametrize(
    ("language", "width", "dark"), [("en", 1280, False), ("pl", 360, True), ("pl", 1280, True), ("en", 360, False)]
)
def test_the_pages_show_the_program_and_what_it_said(
    chromium: Any, market: Shop, axe: str, language: str, width: int, dark: bool
) -> None:
    (job,) = market.client.jobs().jobs
    pages = {
        "document": (f"document?key={job.key}", "127.0.0.1"), "documents": ("documents", "127.0.0.1"),
        "printer": ("printer?name=till1", "posnet"),
        "conversation": ("technician/conversation?name=till1", "program →"),
    }  # fmt: skip
    with screen(chromium, market, language=language, width=width, dark=dark) as it:
        for name, (path, words) in pages.items():
            it.open(path)
            assert words in it.page.inner_text("main"), name
            assert it.overflow() <= 0, name
            assert it.violations(axe) == [], name
            it.check()
        it.open(pages["document"][0])
        said = it.page.locator(".talk p").all_inner_texts()
        assert any("name <b>Żurek, rate B, price 12.00" in line for line in said)
        assert it.page.locator(".talk p.wrong").count() == 1, "the wrong sum"
