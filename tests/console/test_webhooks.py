"""The technician's page of webhooks: their state in words, what was given up, sending it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from fiscald.console.languages import Words
from fiscald.console.webhooks import event_in_words, state_in_words, state_means
from fiscald.model.webhooks import WebhookEvent, WebhookState
from tests.console.desk import Reader, reader, text_of
from tests.console.hooks import Hooks, hooks
from tests.console.shop import Shop, shop
from tests.webhooks.receivers import reply


class Hooked(NamedTuple):
    """A shop with webhooks."""

    shop: Shop
    hooks: Hooks


@pytest.fixture(scope="module")
def hooked() -> Iterator[Hooked]:
    with hooks() as there, shop(webhooks=there.configured) as it:
        with reader(it) as anna, anna.http.stream("GET", "/console/events") as events:
            it.client.submit("drawer/1", "till1", {"type": "drawer"}, wait=20)
            assert any('"dead":1' in line for line in events.iter_lines())
        for key in ("drawer/2", "drawer/3"):  # these are dead from the start
            it.client.submit(key, "till1", {"type": "drawer"}, wait=20)
        yield Hooked(it, there)


def test_every_webhook_says_its_state_and_what_to_do(hooked: Hooked) -> None:
    it, there = hooked.shop, hooked.hooks.receiver
    with reader(it) as anna, reader(it, language="pl") as zofia:
        text = anna.read("technician/webhooks")
        for words in ("The receiver refuses all", "410 Gone", "send a test message", "Dead letters 3",
                      "No secret: nothing is sent", "fiscalctl webhook secret till-display", "Waiting messages 3",
                      "printed, not printed, undecided", there.url.removesuffix("/hooks/fiscald")):  # fmt: skip
            assert words in text
        assert "hunter2" not in text
        polish = zofia.read("technician/webhooks")
        for words in ("Odbiorca odmawia", "wyślij komunikat próbny", "Niedostarczone 3", "Brak klucza"):
            assert words in polish
        assert "Webhooki" in zofia.read("technician")


def test_dead_letters_are_sent_again_one_or_all(hooked: Hooked) -> None:
    it, there = hooked.shop, hooked.hooks.receiver
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
        arrived = [each.content["data"]["key"] for each in hooked.hooks.until(came + 3)[came:]]
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
