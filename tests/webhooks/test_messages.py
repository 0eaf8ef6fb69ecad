"""The body of a message: what the schema says, bounded, and never a reason for a job to fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fiscald.api.webhook_messages import _EXAMPLES
from fiscald.journal import Phase, Store
from fiscald.journal.webhooks import _HEAD
from fiscald.model.jobs import Paper, Resolution, Result
from fiscald.model.problems import problem
from fiscald.model.webhooks import WebhookMessage, WebhookTestMessage
from tests.described import DESCRIPTION, mistakes
from tests.journal.stores import NOW, accepted, clock
from tests.webhooks.receivers import hook

WORST = "😀" * 5000


def opened(place: Path) -> Store:
    return Store(place, clock, webhooks=[hook().subscription])


def bodies(store: Store) -> list[str]:
    return [text for (text,) in store._db.execute("SELECT body FROM webhook_message ORDER BY id").fetchall()]


def test_the_examples_of_the_description_are_messages() -> None:
    WebhookMessage.model_validate(_EXAMPLES["job"])
    WebhookTestMessage.model_validate(_EXAMPLES["webhook.test"])
    for name, example in _EXAMPLES.items():
        schema = DESCRIPTION["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert not mistakes(schema, example)


def test_messages_have_the_key_and_the_result_but_not_the_document(place: Path) -> None:
    store = opened(place)
    accepted(store, "A", document={"type": "receipt", "lines": [{"name": "Żurek", "price": "1.00", "vat": "A"}],
                                   "buyer": {"nip": "5260250274"}})  # fmt: skip
    store.start("A", {"secret": "evidence"})
    store.commit("A")
    result = Result(number=85, printer_id="EMU 1", printed_at=NOW, device={"bn": 1})
    store.finish("A", Phase.DONE, result=result, paper=Paper.PRINTED)
    found = [WebhookMessage.model_validate_json(body) for body in bodies(store)]
    assert [each.type for each in found] == ["job.accepted", "job.running", "job.done"]
    assert [each.data.cursor for each in found] == [event.id for event in store.events(0)]
    assert found[-1].data.result == result.model_copy(update={"device": {}})
    for text in ("Żurek", "5260250274", "evidence", '"bn"'):
        assert text not in "".join(bodies(store))
    store.close()


def test_a_message_is_bounded(place: Path) -> None:
    store = opened(place)
    key = "K" * 128
    accepted(store, key)
    store.start(key, {})
    store.finish(key, Phase.UNDECIDED, error=problem("printer.unproven", reason=WORST, extra={"found": WORST}))
    said = Resolution(verdict="not_printed", by="Anna", note="😀" * 1000)
    error = problem("job.resolved_not_printed", by=said.by, note=said.note)
    store.resolve(key, said, Phase.FAILED, paper=Paper.NONE, error=error)
    assert max(map(len, bodies(store))) < 16 * 1024
    for body in bodies(store):
        WebhookMessage.model_validate_json(body)
    store.close()


@pytest.mark.parametrize("column", ["document", "result", "error", "created_at", "updated_at", "printer", "paper"])
def test_a_damaged_job_has_a_message_too(place: Path, column: str) -> None:
    store = opened(place)
    accepted(store, "A")
    store._db.execute(f"UPDATE job SET {column} = CAST(x'ff22' AS TEXT)")
    entry = store.job("A")
    assert entry is not None
    if entry.damage:
        store.give_up_damaged("A")
    else:
        store.withdraw("A", problem("job.withdrawn"))
    assert json.loads(bodies(store)[-1])["data"]["key"] == "A"
    store.close()


def test_a_job_is_deleted_with_its_messages(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.journal.store.KEEP_NEWEST", 0)
    store = opened(place)
    accepted(store, "A")
    store.withdraw("A", problem("job.withdrawn"))
    store._clock = lambda: NOW.replace(year=2030)
    assert store.prune(30) == 1
    assert bodies(store) == []
    assert store._db.execute("PRAGMA foreign_key_check").fetchall() == []
    store.close()


def test_the_newest_dead_letters_stay(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.journal.webhooks.KEEP_DEAD", 3)
    monkeypatch.setattr("fiscald.journal.webhooks.STEP", 2)
    store = opened(place)
    for number in range(8):
        accepted(store, f"K{number}")
    while store.give_up("erp", 2.0**40, "lost"):
        pass
    while store.forget_dead("erp"):
        pass
    assert [each.key for each in store.dead_messages("erp", 0, 10)] == ["K5", "K6", "K7"]
    store.close()


def test_messages_behind_a_failed_one_are_due_with_it(place: Path) -> None:
    """However many wait, a search for what is due does not pass over them."""
    store = opened(place)
    store.know_webhooks()
    for key in ("A", "B"):
        accepted(store, key)
        store.withdraw(key, problem("job.withdrawn"))
    (first, other) = store.due_messages("erp", 10, 4000.0).messages
    store.message_failed("erp", first.id, NOW.timestamp() + 60, "HTTP 500", dead=False)
    assert store._db.execute("SELECT job, due > 0 FROM webhook_message ORDER BY job, id").fetchall() == [
        (1, 1), (1, 1), (2, 0), (2, 0),
    ]  # fmt: skip
    assert [each.id for each in store.due_messages("erp", 10, 4000.0).messages] == [other.id]
    store.close()


@pytest.mark.parametrize("query", ["due", "next", "dead"])
def test_queries_read_by_an_index(place: Path, query: str) -> None:
    """None of them reads more the longer the shop sells."""
    store = opened(place)
    text, values = {
        "due": (_HEAD.format(when="due <= ?"), ("erp", 1.0, 4)),
        "next": ("SELECT min(due) FROM webhook_message WHERE webhook = ? AND dead_at IS NULL AND due > ?", ("erp", 1.0)),
        "dead": ("SELECT id FROM webhook_message WHERE webhook = ? AND dead_at IS NOT NULL AND id > ? ORDER BY id",
                 ("erp", 0)),
    }[query]  # fmt: skip
    plan = "\n".join(row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {text}", values))
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan
    store.close()
