"""``[webhooks.NAME]``: what may be written, and a sentence for every mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fiscald.config import Config, ConfigError, load
from fiscald.model.webhooks import DEFAULT_EVENTS, WebhookEvent

PRINTER = '[printers.till1]\nfamily = "posnet"\naddress = "tcp://127.0.0.1:6666"\n'
ERP = '[webhooks.erp]\nurl = "https://erp.example.pl/hooks/fiscald?token=hunter2"\nsecret_file = "webhook.secret"\n'


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "fiscald.toml"
    path.write_text(text, "utf-8")
    return load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return str(caught.value)


def test_a_webhook_with_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, PRINTER + ERP)
    found = config.webhooks["erp"]
    assert found.secret_file == tmp_path / "webhook.secret"
    hook, _ = found.hook("erp")
    assert hook.receiver == "https://erp.example.pl"
    assert hook.subscription.events == frozenset(DEFAULT_EVENTS)
    assert hook.subscription.printers is None


def test_a_webhook_with_everything(tmp_path: Path) -> None:
    more = 'events = ["job.accepted", "job.accepted"]\nprinters = ["till1"]\nca_file = "ca.pem"\n'
    found = read(tmp_path, PRINTER + ERP + more).webhooks["erp"]
    hook, _ = found.hook("erp")
    assert (hook.events, hook.printers) == ((WebhookEvent.ACCEPTED,), ("till1",))
    assert found.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/x", "http://localhost/", "http://[::1]:8000/", "https://10.0.0.5:8443/x?y=z"]
)
def test_urls_that_may_be_used(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, f'[webhooks.erp]\nurl = "{url}"\nsecret_file = "s"\n').webhooks["erp"].url == url


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://erp.example.pl/x", "not encrypted.*write .*https://erp.example.pl"),
        ("http://127.0.0.1.example.pl/", "not encrypted"),
        ("http://192.168.1.5/", "not encrypted"),
        ("ftp://erp.example.pl/", "no URL of a web server"),
        ("erp.example.pl/hooks", "no URL of a web server"),
        ("https:///hooks", "no URL of a web server"),
        ("https://anna:hunter2@erp.example.pl/", "user name or password"),
        ("https://erp.example.pl/#here", "leave it out"),
        ("https://erp.example.pl:99999/", "no URL"),
        ("https://erp.example.pl/a b", "no spaces"),
        ("https://żurek.example.pl/", "ASCII"),
        ("https://erp.example.pl/" + "x" * 2000, "at most 2000"),
        ("", "no URL"),
    ],
)
def test_other_urls_are_refused_with_a_hint(tmp_path: Path, url: str, hint: str) -> None:
    said = complaint(tmp_path, f'[webhooks.erp]\nurl = "{url}"\nsecret_file = "s"\n')
    assert "webhooks.erp.url" in said
    assert re.search(hint, said), said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[webhooks.erp]\nurl = "https://a.pl/"\n', "webhooks.erp.secret_file is missing"),
        ('[webhooks.erp]\nsecret_file = "s"\n', "webhooks.erp.url is missing"),
        (ERP + 'events = ["job.don"]\n', "did you mean job.done?"),
        (ERP + "events = []\n", "an empty list would send nothing"),
        (ERP + 'events = "job.done"\n', "not a list; write it in brackets"),
        (
            ERP + 'printers = ["till2"]\n' + PRINTER,
            'there is no printer "till2"; configured: till1; did you mean till1?',
        ),
        (ERP + "printers = []\n", "an empty list would send nothing"),
        (ERP + 'secret = "whsec_x"\n', "unknown key webhooks.erp.secret; did you mean secret_file?"),
        (ERP.replace("erp", "e r p", 1).replace("e r p", '"e r p"', 1), "is no name for a webhook"),
        ('[webhooks]\nurl = "https://a.pl/"\n', "write [webhooks.erp]"),
        ('[[webhooks]]\nurl = "https://a.pl/"\n', "write [webhooks.erp], with single brackets"),
        ("".join(ERP.replace("erp]", f"erp{number}]") for number in range(9)), "at most 8"),
        ('[webhook.erp]\nurl = "https://a.pl/"\n', "did you mean webhooks?"),
    ],
)
def test_mistakes_are_named_with_their_remedy(tmp_path: Path, text: str, hint: str) -> None:
    said = complaint(tmp_path, text)
    assert hint in said
    assert "hunter2" not in said
