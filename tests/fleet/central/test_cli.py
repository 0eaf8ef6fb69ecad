"""``fiscald-fleet``, as an operator uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fiscald.fleet.central import Database, sqlite_url
from fiscald.fleet.central.cli import main
from fiscald.fleet.central.keyring import Keyring
from fiscald.fleet.central.recording import Verified, record
from fiscald.fleet.messages import Outcome
from fiscald.model.fleet import CentralCard
from tests.fleet.central.desk import CARD, RECEIPT, SESSION, SHOP, START, job, submission


class Operator:
    """Runs the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "fleet.toml"
        self.config.write_text('central = "erp"\nstate_dir = "state"\n', "utf-8")
        self.receipt = folder / "receipt.json"
        self.receipt.write_text(json.dumps(RECEIPT), "utf-8")

    def run(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Result:
        done = CliRunner().invoke(main, ["--config", str(self.config), *arguments], input=stdin)
        assert done.exit_code == code, done.output
        return done

    def json(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Any:
        return json.loads(self.run("--json", *arguments, code=code, stdin=stdin).stdout)

    def enrolled(self) -> Operator:
        self.run("keys", "make")
        self.run("enrol", "-", stdin=CARD.model_dump_json())
        return self

    def outcome(self, **change: Any) -> None:
        said = {
            "shop": SHOP, "central": "erp", "session": SESSION, "key": "a", "issued": START, "state": "done",
            "digest": submission().digest().hex(), "final": True, "job": job(number=7),
        }  # fmt: skip
        db = Database(sqlite_url(self.folder / "state" / "fleet.db"))
        try:
            outcome = Outcome.model_validate(said | change)
            record(db, [Verified(outcome, str(change)[:64].ljust(64), "signed")], START)
        finally:
            db.close()


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_a_shop_is_enrolled_with_one_command(operator: Operator) -> None:
    made = CentralCard.model_validate(json.loads(operator.run("keys", "make").stdout))
    lines = operator.run("enrol", "-", stdin=CARD.model_dump_json() + "\n\nAdd this ...").stdout
    for line in (f'shop = "{SHOP}"', 'central = "erp"', f'orders_key = "{made.orders_key}"'):
        assert line in lines.splitlines()
    (shop,) = operator.json("shops")["shops"]
    assert (shop["name"], shop["online"], shop["revoked_at"]) == (SHOP, False, None)
    assert "never heard" in operator.run("shops").stdout
    operator.run("enrol", "-", stdin="{}", code=2)
    other = CARD.model_copy(update={"encryption_key": "x25519:" + "A" * 43}).model_dump_json()
    operator.run("enrol", "-", stdin=other, code=1)
    operator.run("enrol", "-", "--replace", stdin=other)


def test_an_order_is_submitted_and_its_state_shown(operator: Operator) -> None:
    operator.enrolled()
    submit = ("submit", SHOP, "till1", str(operator.receipt), "--key", "a")
    assert operator.json(*submit, code=6)["state"] == "accepted"
    operator.run("submit", SHOP, "till2", str(operator.receipt), "--key", "a", code=5)
    operator.run("submit", "nowhere", "till1", str(operator.receipt), "--key", "b", code=5)
    operator.run("submit", SHOP, "till1", str(operator.receipt), "--key", "a b", code=2)
    operator.run("submit", SHOP, "till1", "-", "--key", "c", stdin="{", code=2)
    operator.run("status", "nothing", code=6)
    operator.outcome(state="undecided", final=False)
    operator.run("status", "a", code=3)
    operator.outcome()
    assert "number 7" in operator.run("status", "a").stdout
    assert operator.json(*submit)["state"] == "done"
    assert operator.json("status")["orders"] == {"done": 1}


def test_alarms_are_shown_until_they_are_marked_as_seen(operator: Operator) -> None:
    operator.enrolled()
    operator.outcome(key="never-ordered")
    (alarm,) = operator.json("alarms")["alarms"]
    operator.run("alarms", "--seen", str(alarm["number"]))
    assert operator.json("alarms")["alarms"] == []
    assert len(operator.json("alarms", "--all")["alarms"]) == 1
    operator.run("alarms", "--seen", "77", code=1)


def test_a_key_is_rotated_in_two_steps(operator: Operator) -> None:
    operator.run("keys", "show", code=1)
    operator.run("keys", "make")
    operator.run("keys", "make", code=1)
    operator.run("keys", "rotate", code=1)
    prepared = operator.json("keys", "prepare")
    assert f'"{prepared["orders_key"]}", "{prepared["next_orders_key"]}"' in operator.run("keys", "show").stdout
    operator.run("keys", "prepare", code=1)
    rotated = operator.json("keys", "rotate")
    assert rotated["orders_key"] == prepared["next_orders_key"]
    assert "next_orders_key" not in rotated
    directory = operator.folder / "state" / "keys"
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    assert Keyring(directory).signer().public == rotated["orders_key"]
    (directory / "orders.pem").chmod(0o644)
    operator.run("keys", "show", code=1)


def test_a_shop_is_revoked(operator: Operator) -> None:
    operator.enrolled()
    operator.run("submit", SHOP, "till1", str(operator.receipt), "--key", "a", code=6)
    assert "1 orders without an outcome" in operator.run("revoke", SHOP).stdout
    operator.run("submit", SHOP, "till1", str(operator.receipt), "--key", "b", code=5)
    operator.run("revoke", "nowhere", code=1)


def test_tokens_are_made_listed_and_revoked(operator: Operator) -> None:
    assert operator.run("token", "create", "erp", "--order").stdout.startswith("fiscald_1_")
    operator.run("token", "create", "erp", code=1)
    operator.run("token", "create", "a b", code=2)
    operator.run("token", "revoke", "erp")
    (found,) = operator.json("token", "list")["tokens"]
    assert (found["name"], found["order"], found["revoked_at"] is None) == ("erp", True, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour = 1", "unknown key colour"),
        ('listen = "0.0.0.0:80"', "[tls]"),
        ('[broker]\nurl = "mqtt://broker.example.pl"', "not encrypted"),
        ('[broker]\nurl = "http://x"', "no address of a broker"),
        ('[broker]\nurl = "mqtts://x"\nkeys = "k"', "did you mean key?"),
        ('[webhooks.erp]\nurl = "http://erp.example.pl"\nsecret_file = "s"', "in clear"),
    ],
)
def test_mistakes_in_the_configuration_are_explained(operator: Operator, text: str, expected: str) -> None:
    operator.config.write_text(text, "utf-8")
    assert expected in operator.run("shops", code=1).stderr


def test_the_access_lists_name_the_central_and_no_shop_twice(operator: Operator) -> None:
    assert "user hq\n" in operator.run("acl", "mosquitto", "--user", "hq").stdout
    assert '{username, "hq"}' in operator.run("acl", "emqx", "--user", "hq").stdout
    operator.run("acl", "mosquitto", "--user", "a\nuser b", code=2)
