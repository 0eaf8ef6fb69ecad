"""The technician's page of webhooks: their state in words, what was given up, sending it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from fiscald.console.languages import Words
from fiscald.console.webhooks import event_in_words, state_in_words, state_means
from fiscald.model.webhooks import WebhookEvent, WebhookState
from tests.console.desk import Reader, reader, text_of
from tests.console.shop import Shop, shop
from tests.webhooks.receivers import Request, Web, reply, secret_file, web


class Hooked(NamedTuple):
    """A shop with a receiver."""

    shop: Shop
    receiver: Web
    portal: BlockingPortal

    def until(self, number: int) -> list[Request]:
        """The receiver's requests, once so many have come."""
        return self.portal.call(self.receiver.until, number)


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooked]:
    """A shop whose receiver ``erp`` wants no messages, and whose ``till-display`` has no secret."""
    folder = tmp_path_factory.mktemp("secrets")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(web(lambda _: reply(410))) as there,
        shop(webhooks={
            "erp": {"url": f"{there.url}?token=hunter2", "secret_file": secret_file(folder)},
            "till-display": {"url": "https://display.example/x", "secret_file": folder / "none.secret"},
        }) as it,
    ):  # fmt: skip
        with reader(it) as anna, anna.http.stream("GET", "/console/events") as events:
            it.client.submit("drawer/1", "till1", {"type": "drawer"}, wait=20)
            assert any('"dead":1' in line for line in events.iter_lines())
        for key in ("drawer/2", "drawer/3"):  # these are dead from the start
            it.client.submit(key, "till1", {"type": "drawer"}, wait=20)
        yield Hooked(it, there, portal)


def test_every_webhook_says_its_state_and_what_to_do(hooked: Hooked) -> None:
    it, there, _ = hooked
    with reader(it) as anna, reader(it, language="pl") as zofia:
        text = anna.read("technician/webhooks")
        for words in ("The receiver wants no more", "410 Gone", "send a test message", "Dead letters 3",
                      "No usable secret: nothing is sent", "fiscalctl webhook secret till-display", "Waiting messages 3",
                      "printed, not printed, undecided", there.url.removesuffix("/hooks/fiscald")):  # fmt: skip
            assert words in text
        assert "hunter2" not in text
        polish = zofia.read("technician/webhooks")
        for words in ("Odbiorca nie chce więcej", "wyślij komunikat próbny", "Niedostarczone 3", "Brak klucza"):
            assert words in polish
        assert "Webhooki" in zofia.read("technician")


def test_dead_letters_are_sent_again_one_or_all(hooked: Hooked) -> None:
    it, there, _ = hooked
    with reader(it) as anna:
        listed = anna.read("technician/webhooks/dead", name="erp")
        assert all(key in listed for key in ("drawer/1", "drawer/2", "drawer/3"))
        first = it.client.dead_letters("erp").dead[0].id
        assert "drawer/1" not in anna.read("technician/webhooks/dead", name="erp", after=first)
        refused = anna.post("technician/webhooks/test", name="erp")
        assert "the test message was not accepted HTTP 410" in text_of(refused).replace(" :", ":")
        there.answer = lambda _: reply(204)
        assert "accepted the test message (HTTP 204)" in text_of(anna.post("technician/webhooks/test", name="erp"))
        assert "Messages arrive" in anna.read("technician/webhooks")
        came = len(there.requests)
        assert "Sent again: 1" in text_of(anna.post("technician/webhooks/resend", name="erp", id=first))
        assert "drawer/1" not in anna.read("technician/webhooks/dead", name="erp")
        done = text_of(anna.post("technician/webhooks/resend", name="erp"))
        assert "Sent again: 2" in done
        assert "No dead letters" in done
        arrived = [each.content["data"]["key"] for each in hooked.until(came + 3)[came:]]
        assert sorted(arrived) == ["drawer/1", "drawer/2", "drawer/3"]
        again = anna.post("technician/webhooks/resend", name="erp", id=first)
        assert again.status_code == 409 or "Sent again: 0" in text_of(again)


def test_a_name_or_number_that_is_none_gets_a_reason(anna: Reader, zofia: Reader) -> None:
    assert "No webhook is configured" in anna.read("technician/webhooks")
    assert "Nie skonfigurowano webhooka" in zofia.read("technician/webhooks")
    assert anna.get("technician/webhooks/dead", name="<b>").status_code == 404
    assert anna.get("technician/webhooks/dead", name="erp", after="x").status_code == 404
    for path in ("test", "resend"):
        assert anna.post(f"technician/webhooks/{path}", name="erp").status_code == 404
    assert anna.post("technician/webhooks/resend", name="erp", id="1e3").status_code == 400


def test_every_state_and_event_has_words_in_both_languages() -> None:
    english, polish = Words("en"), Words("pl")
    for state in WebhookState:
        assert state_in_words(english, state).text != state_in_words(polish, state).text
        assert bool(state_means(english, state)) == bool(state_means(polish, state)) == (state != "active")
    for event in WebhookEvent:
        assert event_in_words(english, event) != event_in_words(polish, event)
